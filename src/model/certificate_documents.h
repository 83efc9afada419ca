// The documents of the local Certificate Manager. Private keys are no documents: they are files that only their owner
// can read, named by Certificate.file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/documents.h"

namespace weir::model {

// Wish. Key: scope + ARN.
struct Certificate {
  static constexpr const char* kKind = "certificate";
  Scope scope;
  std::string arn;
  std::string body;   // PEM
  std::string chain;  // PEM; empty where there is none
  // What both and the key are called in the folder of certificates: "ID/1" is ID/1.crt and ID/1.key. Another one with
  // each import, so that a table that names the files changes with them.
  std::string file;
  std::int32_t imports = 1;
  std::string domain_name;
  std::vector<std::string> names;
  std::string serial;
  std::string subject;
  std::string issuer;
  std::string key_algorithm;
  std::string signature_algorithm;
  Timestamp not_before;
  Timestamp not_after;
  Timestamp imported_at;
  std::map<std::string, std::string> tags;
  std::string key() const;
};

// Wish: whose signature makes a client's certificate good. Key: scope + name.
struct TrustStore {
  static constexpr const char* kKind = "trust-store";
  Scope scope;
  std::string name;
  std::string arn;
  std::string file;  // as Certificate's: "ID/1.crt" has the authorities; another one with each change
  std::int32_t changes = 1;
  std::int32_t authorities = 0;  // how many
  std::vector<elbv2::Tag> tags;
  std::string key() const;
};

const Shape& describe(const Certificate*);
const Shape& describe(const TrustStore*);

}  // namespace weir::model
