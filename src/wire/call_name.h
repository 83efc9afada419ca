// CallName: which operation a request names and in which protocol, as far as the request itself tells, and the service
// that goes with it. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/message.h"
#include "model/service_model.h"
#include "sign/form.h"

namespace weir::wire {

// Of a REST call only the protocol is known before its service is: facade.cc asks the service for the operation.
struct CallName {
  model::Protocol protocol = model::Protocol::rest_xml;
  std::string operation;      // empty: none is named
  std::string target_prefix;  // json, rpc_cbor
  std::string version;        // query
  sign::Form form;            // query: the fields of query string and body
  bool broken_form = false;   // query: the fields could not be read
};

CallName call_name(const http::RequestHead& head, std::string_view body);

// The service of `name` among those with that signing name (empty: any, of a REST call one that has its path), or null.
const model::ServiceModel* service_of(const CallName& name, const http::RequestHead& head,
                                      std::string_view signing_name,
                                      std::span<const model::ServiceModel* const> services);

}  // namespace weir::wire
