#include "proxy/retry.h"

#include "proxy/failure_answer.h"
#include "route/action.h"

namespace weir::proxy {
namespace {

using route::RetryOn;

constexpr std::uint32_t bit(RetryOn event) { return static_cast<std::uint32_t>(event); }

std::uint32_t of_status(unsigned status) {
  if (status == 409) return bit(RetryOn::client_error);
  if (status < 500) return 0;
  const bool gateway = status >= 502 && status <= 504;
  return bit(RetryOn::server_error) | (gateway ? bit(RetryOn::gateway_error) : 0);
}

std::uint32_t of_grpc_status(std::string_view status) {
  if (status == "1") return bit(RetryOn::cancelled);
  if (status == "4") return bit(RetryOn::deadline_exceeded);
  if (status == "8") return bit(RetryOn::resource_exhausted);
  if (status == "13") return bit(RetryOn::internal);
  if (status == "14") return bit(RetryOn::unavailable);
  return 0;
}

}  // namespace

std::uint32_t retry_events(const http::ResponseHead& response) {
  const std::uint32_t events = of_status(response.status);
  if (!response.fields.has(http::HeaderId::grpc_status)) return events;
  return events | of_grpc_status(response.fields.get(http::HeaderId::grpc_status));
}

std::uint32_t retry_events(FailureCause cause) {
  const std::uint32_t events = of_status(answer_for(cause).status);
  switch (cause) {
    case FailureCause::refused:
    case FailureCause::connect_timeout:
    case FailureCause::handshake:
      return events | bit(RetryOn::connection_failure);
    case FailureCause::closed:
      return events | bit(RetryOn::reset);
    case FailureCause::try_timeout:
      return events | bit(RetryOn::per_try_timeout);
    case FailureCause::malformed:
      return events;
    case FailureCause::none_in_service:
    case FailureCause::crowded:
    case FailureCause::drained:
    case FailureCause::response_timeout:
    case FailureCause::request_timeout:
    case FailureCause::client_silent:
    case FailureCause::too_large:
      return 0;  // nothing was tried, or no time is left
  }
  return 0;
}

Duration back_off(unsigned retry, Random& random) {
  const Duration grown = Duration(kBackOffBase) * ((std::int64_t{1} << std::min(retry, 16u)) - 1);
  const Duration longest = std::min(grown, Duration(kLongestBackOff));
  return Duration(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(longest.count()))));
}

}  // namespace weir::proxy
