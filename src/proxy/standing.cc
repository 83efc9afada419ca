#include "proxy/standing.h"

#include <algorithm>

namespace weir::proxy {
namespace {

bool backends_error(std::string_view grpc_status) {
  constexpr std::string_view kErrors[] = {"2", "4", "12", "13", "14", "15"};
  return std::ranges::find(kErrors, grpc_status) != std::end(kErrors);
}

}  // namespace

Outcome outcome_of(const http::ResponseHead& head, const http::HeaderBlock* trailers, bool grpc) {
  if (head.status >= 500) return Outcome::server_error;
  if (!grpc) return Outcome::answered;
  const auto status =
      trailers != nullptr ? trailers->find(http::HeaderId::grpc_status) : head.fields.find(http::HeaderId::grpc_status);
  return status && backends_error(*status) ? Outcome::server_error : Outcome::answered;
}

bool Standing::note(Outcome outcome, const route::OutlierDetection& rules) {
  switch (outcome) {
    case Outcome::answered:
      errors_ = failures_ = 0;
      return false;
    case Outcome::server_error:
      ++errors_;
      failures_ = 0;  // the connection stood
      break;
    case Outcome::failed:
      ++failures_;
      break;
  }
  const bool enough = (rules.consecutive_5xx != 0 && errors_ >= rules.consecutive_5xx) ||
                      (rules.consecutive_failures != 0 && failures_ >= rules.consecutive_failures);
  if (enough) errors_ = failures_ = 0;
  return enough;
}

void Standing::eject(const route::OutlierDetection& rules, Instant now) {
  const Duration once = std::max<Duration>(rules.ejection, route::milliseconds(1));
  const auto quiet = lately_ == 0 ? 0 : (now - until_) / once;
  lately_ -= static_cast<unsigned>(std::min<std::int64_t>(lately_, quiet));
  ++lately_;
  ++ejections_;
  ejected_ = true;
  // Counted no further than where the longest ejection begins, so that quiet time soon shows.
  const auto most = static_cast<unsigned>(std::clamp<std::int64_t>(rules.longest_ejection / once + 1, 1, 1'000'000));
  lately_ = std::min(lately_, most);
  until_ = now + std::min<Duration>(once * lately_, std::max<Duration>(rules.longest_ejection, once));
}

}  // namespace weir::proxy
