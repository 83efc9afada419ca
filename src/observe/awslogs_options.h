// The options of the log driver "awslogs", as a task definition gives them: which group and stream a container's output
// goes to, and where an event begins. Pure; any thread.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace weir::observe {

struct AwslogsOptions {
  std::string group;
  std::string region;
  std::string stream_prefix;  // empty: none
  bool create_group = false;
  std::string event_start;  // a regular expression: only a line in which it is found begins an event; empty: every line
};

// Errors, in AWS's words where it has some: "LogOptions".
Result<AwslogsOptions> read_awslogs_options(const std::map<std::string, std::string>& options);

// "prefix/container/task"; without a prefix `container_id`, as Docker names it.
std::string stream_name(const AwslogsOptions& options, const std::string& container, const std::string& task,
                        const std::string& container_id);

}  // namespace weir::observe
