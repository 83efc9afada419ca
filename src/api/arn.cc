#include "api/arn.h"

#include <fmt/format.h>

namespace weir::api {

namespace {

std::string_view partition_of(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  if (region.starts_with("us-gov-")) return "aws-us-gov";
  return "aws";
}

}  // namespace

std::string Arn::part(std::size_t i) const {
  std::string_view rest = resource;
  for (; i > 0; --i) {
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) return "";
    rest.remove_prefix(slash + 1);
  }
  return std::string(rest.substr(0, rest.find('/')));
}

std::optional<Arn> parse_arn(std::string_view text) {
  std::string_view parts[6];
  for (int i = 0; i < 5; ++i) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    parts[i] = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  parts[5] = text;
  if (parts[0] != "arn" || parts[5].empty()) return std::nullopt;
  return Arn{std::string(parts[1]), std::string(parts[2]), std::string(parts[3]), std::string(parts[4]),
             std::string(parts[5])};
}

std::string make_arn(const Context& context, std::string_view service, std::string_view resource) {
  return fmt::format("arn:{}:{}:{}:{}:{}", partition_of(context.region), service, context.region, context.account,
                     resource);
}

model::Scope scope_of(const Context& context) { return {context.account, context.region}; }

std::string stable_uuid(std::string_view text) {
  const std::string h = stable_hex(text, 32);
  return fmt::format("{}-{}-4{}-a{}-{}", h.substr(0, 8), h.substr(8, 4), h.substr(13, 3), h.substr(17, 3),
                     h.substr(20));
}

std::string random_digits(Random& random, unsigned digits) {
  std::string text(1, static_cast<char>('1' + random.below(9)));
  while (text.size() < digits) text += static_cast<char>('0' + random.below(10));
  return text;
}

}  // namespace weir::api
