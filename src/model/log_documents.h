// The documents of CloudWatch Logs: groups and streams. The events themselves are no
// documents: room observe keeps them in files, by LogStream.id.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "model/documents.h"

namespace weir::model {

// Wish. Key: scope + name.
struct LogGroup {
  static constexpr const char* kKind = "log-group";
  Scope scope;
  std::string name;
  Timestamp created_at;
  std::optional<std::int32_t> retention_days;
  std::string log_group_class = "STANDARD";
  std::map<std::string, std::string> tags;
  std::string key() const;
};

// Wish. Key: scope + group + ":" + name; a group's name has no colon.
struct LogStream {
  static constexpr const char* kKind = "log-stream";
  Scope scope;
  std::string group;
  std::string name;
  std::string id;  // 32 hexadecimal digits, never given out twice: where its events are kept
  Timestamp created_at;
  std::string key() const;
};
// What the keys of a group's streams begin with.
std::string log_streams_prefix(const Scope& scope, const std::string& group);

const Shape& describe(const LogGroup*);
const Shape& describe(const LogStream*);

}  // namespace weir::model
