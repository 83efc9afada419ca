// The documents of Parameter Store and Secrets Manager. What is secret in them is sealed (base/secret_box.h) for the
// document's key.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/documents.h"

namespace weir::model {

struct ParameterVersion {
  std::int64_t version = 1;
  std::string value;  // sealed where the parameter is a SecureString
  Timestamp modified_at;
  std::string description;
  std::string allowed_pattern;
  std::string key_id;  // as given; of a SecureString
  std::string data_type = "text";
  std::string tier = "Standard";
};

// Wish. Key: scope + name.
struct Parameter {
  static constexpr const char* kKind = "parameter";
  Scope scope;
  std::string name;
  std::string type;                        // String, StringList, SecureString
  std::vector<ParameterVersion> versions;  // newest last, the oldest go
  std::map<std::string, std::string> tags;
  std::string key() const;
};

struct SecretVersion {
  std::string id;
  std::string value;    // sealed
  bool binary = false;  // the value is base64
  std::vector<std::string> stages;
  Timestamp created_at;
};

// Wish. Key: scope + name.
struct Secret {
  static constexpr const char* kKind = "secret";
  Scope scope;
  std::string name;
  std::string arn;  // with six characters drawn by lot behind the name
  std::string description;
  std::string kms_key_id;  // as given
  Timestamp created_at;
  Timestamp changed_at;
  std::optional<Timestamp> deleted_at;  // its deletion was asked for
  std::optional<Timestamp> gone_at;     // when it goes
  std::map<std::string, std::string> tags;
  std::vector<SecretVersion> versions;  // newest last
  std::string key() const;
};

const Shape& describe(const ParameterVersion*);
const Shape& describe(const Parameter*);
const Shape& describe(const SecretVersion*);
const Shape& describe(const Secret*);

}  // namespace weir::model
