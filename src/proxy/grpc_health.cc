#include "proxy/grpc_health.h"

#include <array>
#include <cstdint>
#include <optional>

namespace weir::proxy {

namespace {

constexpr std::size_t kPrefix = 5;  // a flag that the message is compressed, then its size, big-endian
constexpr std::string_view kStatuses[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
constexpr std::uint64_t kServing = 1;
constexpr const char* kUnreadable = "the answer is no HealthCheckResponse";

// The wire types of Protocol Buffers.
enum WireType : unsigned { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

bool skip(std::string_view& in, std::uint64_t size) {
  if (size > in.size()) return false;
  in.remove_prefix(static_cast<std::size_t>(size));
  return true;
}

// Fields that are not known are passed over, and of several the last counts, as Protocol Buffers have it. Nothing where
// it is no message.
std::optional<std::uint64_t> status_of(std::string_view message) {
  std::uint64_t status = 0;
  while (!message.empty()) {
    const auto tag = take_varint(message);
    if (!tag || *tag >> 3 == 0) return std::nullopt;
    const auto type = static_cast<unsigned>(*tag & 7);
    bool whole = type == kFixed64 ? skip(message, 8) : type == kFixed32 && skip(message, 4);
    if (type == kVarint || type == kBytes) {
      const auto value = take_varint(message);
      whole = value && (type == kVarint || skip(message, *value));
      if (whole && type == kVarint && *tag >> 3 == 1) status = *value;
    }
    if (!whole) return std::nullopt;
  }
  return status;
}

}  // namespace

std::string why_not_serving(std::string_view body) {
  if (body.empty()) return "the answer has no message";
  if (body.size() < kPrefix) return kUnreadable;
  if (body[0] != 0) return "the answer is compressed, which was not asked for";
  std::size_t size = 0;
  for (std::size_t i = 1; i < kPrefix; ++i) size = size << 8 | static_cast<unsigned char>(body[i]);
  if (size != body.size() - kPrefix) return kUnreadable;
  const auto status = status_of(body.substr(kPrefix));
  if (!status) return kUnreadable;
  if (*status == kServing) return "";
  const bool known = *status < std::size(kStatuses);
  return "the service says " + (known ? std::string(kStatuses[*status]) : "the status " + std::to_string(*status));
}

}  // namespace weir::proxy
