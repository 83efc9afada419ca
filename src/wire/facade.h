// Facade: the AWS endpoint as a function, request in, reply out, without a socket. Authenticates, finds service and
// operation (SigV4 scope, then target header, Action or path), decodes the input strictly, calls the action, encodes
// what it says. Every failure is answered in the words of the service and its protocol. One thread (control); owned by
// main/.
#pragma once

#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/action.h"
#include "api/recorded/service.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "http/message.h"
#include "model/service_model.h"
#include "sign/sigv4.h"
#include "store/store.h"
#include "wire/call_name.h"
#include "wire/fault.h"
#include "wire/reply.h"

namespace weir::wire {

struct FacadeOptions {
  sign::Keys keys;                       // empty: any key, for loopback only
  std::string account = "000000000000";  // of access keys that are not themselves 12 digits
};

// What a Facade works with; all outlive it.
struct FacadeParts {
  const api::ActionTable& actions;
  store::Store& store;
  const Clock& clock;
  Random& random;
  Log& log;
  std::vector<const api::recorded::Service*> recorded = {};
};

class Facade {
 public:
  Facade(FacadeOptions options, std::span<const model::ServiceModel* const> services, FacadeParts parts);

  // `head`'s body has been read whole into `body`.
  Reply handle(const http::RequestHead& head, std::string_view body);

  // The answer to a call whose body is over the limit.
  Reply refuse_body(const http::RequestHead& head);

  // For routes that are not AWS's: whether `head` may be answered. With keys it must be signed (any service), the body
  // by `body_digest`, which may be kUnsignedPayload. Without keys it must not come from a foreign web page.
  Result<> admit(const http::RequestHead& head, std::string_view body_digest) const;

 private:
  Reply handle_call(const http::RequestHead& head, std::string_view body, const std::string& request_id);
  Reply run(const model::ServiceModel& service, const CallName& name, api::Context& context, std::string_view body);
  // Finds the operation and adds it to `name`.
  Reply run_rest(const model::ServiceModel& service, CallName& name, api::Context& context,
                 const http::RequestHead& head, std::string_view body);
  std::expected<api::Erased, WireError> perform(const model::ServiceModel& service, const CallName& name,
                                                const api::Action& action, api::Context& context, const void* input);
  Reply run_recorded(const api::recorded::Service& service, const CallName& name, api::Context& context);
  api::Context context_of(const sign::Caller& caller, const std::string& request_id);
  void log_failure(const model::ServiceModel& service, const std::string& operation, const std::string& request_id,
                   const Error& error);
  // Null where `service` is none of the recorded ones.
  const api::recorded::Service* recorded_of(const model::ServiceModel* service) const;
  Reply refuse(const CallName& name, const model::ServiceModel* service, const WireError& error,
               const std::string& request_id) const;
  std::string request_id();

  FacadeOptions options_;
  std::vector<const model::ServiceModel*> services_;
  FacadeParts parts_;
};

// A request that a web page of another place makes a browser send. Where any key is accepted, nothing else would stop
// such a page.
bool from_foreign_page(const http::RequestHead& head);

}  // namespace weir::wire
