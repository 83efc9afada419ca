#include "base/regex.h"

#include <re2/re2.h>

namespace weir {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kMaxMemory);
  auto compiled = std::make_shared<const RE2>(piece(pattern), options);
  if (!compiled->ok()) return fail("Regex", compiled->error());
  return Regex(std::move(compiled));
}

bool Regex::matches(std::string_view text) const { return RE2::FullMatch(piece(text), *compiled_); }

bool Regex::found_in(std::string_view text) const { return RE2::PartialMatch(piece(text), *compiled_); }

}  // namespace weir
