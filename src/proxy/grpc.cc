#include "proxy/grpc.h"

namespace weir::proxy {

bool is_grpc(const http::HeaderBlock& request) {
  constexpr std::string_view kType = "application/grpc";
  const std::string_view type = request.get(http::HeaderId::content_type);
  if (!type.starts_with(kType)) return false;
  const std::string_view rest = type.substr(kType.size());
  return rest.empty() || rest[0] == '+' || rest[0] == ';';
}

std::string_view grpc_status_of(unsigned status) {
  switch (status) {
    case 400:
      return "13";  // INTERNAL
    case 401:
      return "16";  // UNAUTHENTICATED
    case 403:
      return "7";  // PERMISSION_DENIED
    case 404:
      return "12";  // UNIMPLEMENTED
    case 413:
      return "8";  // RESOURCE_EXHAUSTED: what gRPC itself says of a message that is too large
    case 429:
    case 502:
    case 503:
    case 504:
      return "14";  // UNAVAILABLE
    default:
      return "2";  // UNKNOWN
  }
}

}  // namespace weir::proxy
