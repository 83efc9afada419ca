#include "runtime/image_reference.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::runtime {
namespace {

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxTag = 128;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_word(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

// Separators within a part of a name: one full stop, one or two underscores, any number of hyphens.
bool is_separator(std::string_view run) {
  return run == "." || run == "_" || run == "__" || std::ranges::all_of(run, [](char c) { return c == '-'; });
}

bool is_name_part(std::string_view part) {
  if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back())) return false;
  for (std::size_t at = 0; at < part.size();) {
    std::size_t end = at;
    while (end < part.size() && !is_lower_or_digit(part[end])) ++end;
    if (end > at && !is_separator(part.substr(at, end - at))) return false;
    at = end + 1;
  }
  return true;
}

// "localhost:5000", "registry.example": only before the first slash.
bool is_host(std::string_view part) {
  const std::size_t colon = part.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view port = part.substr(colon + 1);
  return is_name_part(part.substr(0, colon)) && !port.empty() && port.size() <= 5 &&
         std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_name(std::string_view name) {
  bool first = true;
  for (;;) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    const bool more = slash != std::string_view::npos;
    if (!is_name_part(part) && !(first && more && is_host(part))) return false;
    if (!more) return true;
    name.remove_prefix(slash + 1);
    first = false;
  }
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kMaxTag && is_word(tag.front()) &&
         std::ranges::all_of(tag, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail("InvalidImageReference", fmt::format("\"{}\" is no image name: {}", text, why), ErrorSource::client);
}

}  // namespace

Result<ImageReference> ImageReference::parse(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return refuse(text, "give a tag, not a digest");
  const std::size_t slash = text.rfind('/');
  const std::size_t colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  ImageReference reference{std::string(text.substr(0, colon)), "latest"};
  if (colon != std::string_view::npos) reference.tag = text.substr(colon + 1);
  if (reference.name.empty() || reference.name.size() > kMaxName) {
    return refuse(text, fmt::format("a name has 1 to {} characters", kMaxName));
  }
  if (!is_name(reference.name)) {
    return refuse(text, "a name is of lower-case letters, digits and single separators (. _ - /) between them");
  }
  if (!is_tag(reference.tag)) {
    return refuse(text, fmt::format("a tag has 1 to {} letters, digits, _ . - and begins with none of . -", kMaxTag));
  }
  return reference;
}

}  // namespace weir::runtime
