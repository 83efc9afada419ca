// ARNs and the identifiers within them. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/action.h"
#include "base/stable_hex.h"
#include "model/documents.h"

namespace weir::api {

// "arn:aws:ecs:eu-central-1:000000000000:cluster/default"
struct Arn {
  std::string partition;
  std::string service;
  std::string region;
  std::string account;
  std::string resource;  // "cluster/default"

  // The parts of `resource` between slashes; empty past the end.
  std::string part(std::size_t i) const;
  bool within(const Context& context) const { return region == context.region && account == context.account; }
};

// None where `text` is no ARN of six parts.
std::optional<Arn> parse_arn(std::string_view text);
std::string make_arn(const Context& context, std::string_view service, std::string_view resource);

model::Scope scope_of(const Context& context);

// stable_hex() in the form of a UUID.
std::string stable_uuid(std::string_view text);
// `digits` decimal digits, the first not 0.
std::string random_digits(Random& random, unsigned digits);

}  // namespace weir::api
