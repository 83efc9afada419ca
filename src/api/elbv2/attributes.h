// The attributes of balancers, target groups and listeners: their names, defaults and what may be set. Pure functions;
// any thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::api::elbv2 {

enum class AttributeEffect {
  acts,      // does what AWS says it does
  recorded,  // kept and returned; means nothing on this machine
  fixed,     // refused by name where it is not the default
};

struct Attribute {
  const char* key;
  const char* otherwise;  // the default
  AttributeEffect effect;
  const char* words = "";  // what may be set, with "|" between; empty: any text, or a number
  int least = 0;           // of a number; used where most > 0
  int most = 0;
  const char* besides = "";  // a word that is taken in place of a number
};

// Those of a balancer of `type`.
std::span<const Attribute> balancer_attributes(std::string_view type);
// Those of a target group of `protocol`.
std::span<const Attribute> target_group_attributes(std::string_view protocol);
// Those of a listener of `protocol`.
std::span<const Attribute> listener_attributes(std::string_view protocol);

// Every attribute at its default.
std::map<std::string, std::string> defaults_of(std::span<const Attribute> table);
// Errors: ValidationError for an unknown key or a bad value, InvalidConfigurationRequest for one that is refused.
// `noun` begins the message: "Load balancer", "Target group", "Listener".
Result<> check_attribute(std::span<const Attribute> table, std::string_view noun, const std::string& key,
                         const std::string& value);

// What a target group's attributes ask for together, as they are after a change. Errors: ValidationError.
Result<> check_target_group_attributes(const std::map<std::string, std::string>& attributes);

}  // namespace weir::api::elbv2
