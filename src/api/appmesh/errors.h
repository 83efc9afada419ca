// The errors of appmesh, in AWS's words. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::api::appmesh {

inline constexpr const char* kServerError = "InternalServerErrorException";
inline constexpr const char* kBadRequest = "BadRequestException";

inline std::unexpected<Error> fail_client(const char* code, std::string message) {
  return fail(code, std::move(message), ErrorSource::client);
}
inline std::unexpected<Error> bad_request(std::string message) { return fail_client(kBadRequest, std::move(message)); }
// Of the member of a request that `path` names: "spec.httpRoute.match.prefix".
inline std::unexpected<Error> bad_member(std::string_view path, std::string_view message) {
  return bad_request(std::string(path) + ": " + std::string(message));
}
inline std::unexpected<Error> not_found(std::string message) {
  return fail_client("NotFoundException", std::move(message));
}
inline std::unexpected<Error> conflict(std::string message) {
  return fail_client("ConflictException", std::move(message));
}
inline std::unexpected<Error> in_use(std::string message) {
  return fail_client("ResourceInUseException", std::move(message));
}
inline std::unexpected<Error> limit_exceeded(std::string message) {
  return fail_client("LimitExceededException", std::move(message));
}

}  // namespace weir::api::appmesh
