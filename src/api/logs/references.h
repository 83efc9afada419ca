// What a request may call a log group: its name, an ARN, an ARN with ":*"; and the documents behind it. Control thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/action.h"
#include "model/log_documents.h"
#include "store/store.h"

namespace weir::api::logs {

// "arn:aws:logs:eu-west-1:000000000000:log-group:NAME"
std::string group_arn(const Context& context, const std::string& name);

// The name in a name or an ARN. Errors: ResourceNotFoundException for another account's or region's,
// InvalidParameterException.
Result<std::string> group_name(const Context& context, const std::string& reference);
// Of the two members by which a request may name its group. Errors: as above, also where both or none are given.
Result<std::string> group_name(const Context& context, const std::optional<std::string>& name,
                               const std::optional<std::string>& identifier);

// Errors: ResourceNotFoundException.
Result<store::Versioned<model::LogGroup>> find_group(Context& context, const std::string& name);
// The stream of a group that is there. Errors: ResourceNotFoundException for the one or the other.
Result<store::Versioned<model::LogStream>> find_stream(Context& context, const std::string& group,
                                                       const std::string& name);
// In the order of names.
Result<std::vector<store::Versioned<model::LogStream>>> streams_of(Context& context, const std::string& group,
                                                                   const std::string& name_prefix = "");
// Events before this are over their retention, in milliseconds; 0 where they are kept for ever.
std::int64_t retained_from(const model::LogGroup& group, Timestamp now);

}  // namespace weir::api::logs
