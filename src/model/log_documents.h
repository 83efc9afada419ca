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
// Wish, made before its task starts: what one of its containers writes goes to this stream. How far it has come is kept
// with the events themselves. It goes when the task has ended and everything is delivered. Key: scope + task + "/" +
// container.
struct LogDelivery {
  static constexpr const char* kKind = "log-delivery";
  Scope scope;          // the task's
  std::string cluster;  // the task's
  std::string task;     // id
  std::string container;
  std::string stream_key;   // of the LogStream, which may be in another region
  std::string stream;       // LogStream.id
  std::string event_start;  // a regular expression: only a line in which it is found begins an event; empty: every line
  std::string key() const;
};
// What the keys of a group's streams begin with.
std::string log_streams_prefix(const Scope& scope, const std::string& group);

const Shape& describe(const LogGroup*);
const Shape& describe(const LogStream*);
const Shape& describe(const LogDelivery*);

}  // namespace weir::model
