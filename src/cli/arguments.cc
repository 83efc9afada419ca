#include "cli/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace weir::cli {

namespace {

std::unexpected<Error> usage(std::string message) { return fail("Usage", std::move(message), ErrorSource::client); }

}  // namespace

Result<Arguments> Arguments::parse(std::span<const std::string> words, std::span<const Flag> flags, std::size_t least,
                                   std::size_t most) {
  Arguments parsed;
  bool flags_over = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (flags_over || word.size() < 2 || word[0] != '-') {
      parsed.words_.push_back(word);
      continue;
    }
    if (word == "--") {
      flags_over = true;
      continue;
    }
    const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const std::string name = word.substr(0, equals);
    const auto flag = std::ranges::find_if(flags, [&](const Flag& f) { return name == f.name || name == f.brief; });
    if (flag == flags.end()) return usage(fmt::format("no flag `{}`", name));
    if (flag->takes == Takes::nothing) {
      if (equals != std::string::npos) return usage(fmt::format("`{}` takes no value", name));
      parsed.given_[flag->name] = "";
    } else if (equals != std::string::npos) {
      parsed.given_[flag->name] = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      parsed.given_[flag->name] = words[++i];
    } else {
      return usage(fmt::format("`{}` needs a value", name));
    }
  }
  if (parsed.words_.size() < least) return usage("something is missing");
  if (parsed.words_.size() > most) return usage(fmt::format("`{}` is one word too many", parsed.words_[most]));
  return parsed;
}

std::optional<std::string> Arguments::value(std::string_view flag) const {
  const auto found = given_.find(flag);
  if (found == given_.end()) return std::nullopt;
  return found->second;
}

Result<long> Arguments::number(std::string_view flag, long otherwise, long low, long high) const {
  const auto text = value(flag);
  if (!text) return otherwise;
  long number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < low || number > high)
    return usage(fmt::format("`{}` wants a number from {} to {}", flag, low, high));
  return number;
}

}  // namespace weir::cli
