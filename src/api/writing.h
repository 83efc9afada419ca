// How an action writes: it reads, decides and commits as one attempt; where somebody else wrote one of its documents in
// between, the whole attempt is made again. What fails beyond that is the server's fault and gets the service's word
// for it. Control thread.
#pragma once

#include <span>
#include <utility>

#include "api/action.h"
#include "api/limits.h"
#include "store/store.h"

namespace weir::api {

// `attempt` returns a Result and writes at most once, as its last act. `server_error` is the service's code for
// failures that are not the caller's ("ServerException").
template <class Attempt>
auto writing(const char* server_error, Attempt attempt) -> decltype(attempt()) {
  for (int tries = 0;; ++tries) {
    auto reply = attempt();
    if (reply || reply.error().source == ErrorSource::client) return reply;
    if (reply.error().code == "Conflict" && tries < kMaxConflictRetries) continue;
    return fail(server_error, reply.error().message, reply.error().source, reply.error().retry);
  }
}

inline Result<> commit(Context& context, std::span<const store::Write> writes) {
  TRY(context.store.commit(writes));
  return {};
}
inline Result<> commit(Context& context, std::initializer_list<store::Write> writes) {
  return commit(context, std::span<const store::Write>(writes.begin(), writes.size()));
}

}  // namespace weir::api
