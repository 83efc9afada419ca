// The named limits of recorded resources.
#pragma once

#include <cstddef>

namespace weir::api::recorded {

inline constexpr std::size_t kMaxTags = 50;             // of a record, as AWS has it
inline constexpr std::size_t kMaxTagKey = 128;          // characters, as AWS has it
inline constexpr std::size_t kMaxTagValue = 256;        // characters, as AWS has it
inline constexpr std::size_t kMaxRecords = 5000;        // of a kind, in an account and region
inline constexpr std::size_t kMaxDocument = 32 * 1024;  // bytes of what one record holds: rules and policies included
inline constexpr std::size_t kMinPage = 5;              // EC2's MaxResults, as AWS has it
inline constexpr std::size_t kMaxPage = 1000;           // EC2's MaxResults and IAM's MaxItems, as AWS has it
inline constexpr std::size_t kUsualPage = 100;          // IAM's MaxItems where none is given

}  // namespace weir::api::recorded
