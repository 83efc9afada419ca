#include "proxy/matcher.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "proxy/grpc.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

using route::Match;
using route::Pattern;

// FNV-1a, 64 bits.
constexpr std::uint64_t kAnyHost = 14695981039346656037ULL;
constexpr std::uint64_t kPrime = 1099511628211ULL;

std::uint64_t rolled(std::uint64_t hash, char c) { return (hash ^ static_cast<unsigned char>(c)) * kPrime; }

std::uint64_t host_key(std::string_view host) {
  std::uint64_t hash = rolled(kAnyHost, '\n');  // no host has one
  for (const char c : host) hash = rolled(hash, lower_letter(c));
  return hash;
}

using Kind = Pattern::Kind;

// A text that fits is known as a whole.
bool whole(const Pattern& pattern) {
  if (pattern.kind == Kind::exact) return true;
  return pattern.kind == Kind::wildcard && pattern.text.find_first_of("*?") == std::string::npos;
}

// What every text that fits begins with, as far as rules are looked up by it.
std::string_view beginning(const Pattern& pattern) {
  const std::string_view text = pattern.text;
  if (pattern.kind == Kind::wildcard) return text.substr(0, std::min(text.find_first_of("*?"), kIndexedPath));
  if (pattern.kind == Kind::exact || pattern.kind == Kind::prefix) return text.substr(0, kIndexedPath);
  return {};
}

std::vector<CompiledPattern> compiled(const std::vector<Pattern>& patterns) {
  return {patterns.begin(), patterns.end()};
}

bool any_fits(const std::vector<CompiledPattern>& patterns, std::string_view text, Case letters) {
  return std::ranges::any_of(patterns, [&](const CompiledPattern& each) { return each.fits(text, letters); });
}

bool same(std::string_view a, std::string_view b, Case letters) {
  return letters == Case::ignored ? http::equals_ignoring_case(a, b) : a == b;
}

bool within(std::string_view text, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= low && number < high;
}

}  // namespace

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

CompiledPattern::CompiledPattern(const Pattern& pattern) : pattern_(&pattern) {
  if (pattern.kind != Kind::regex) return;
  if (auto regex = Regex::compile(pattern.text)) regex_ = std::move(*regex);
}

bool CompiledPattern::fits(std::string_view text, Case letters) const {
  const std::string_view wanted = pattern_->text;
  switch (pattern_->kind) {
    case Kind::wildcard:
      return wildcard_match(wanted, text, letters);
    case Kind::exact:
      return same(text, wanted, letters);
    case Kind::prefix:
      return same(text.substr(0, wanted.size()), wanted, letters);
    case Kind::suffix:
      return text.size() >= wanted.size() && same(text.substr(text.size() - wanted.size()), wanted, letters);
    case Kind::regex:
      return regex_ && regex_->matches(text);
    case Kind::range:
      return within(text, pattern_->low, pattern_->high);
  }
  return false;
}

CompiledMatch::CompiledMatch(const Match& match)
    : match_(&match), hosts_(compiled(match.hosts)), paths_(compiled(match.paths)) {
  for (const auto& header : match.headers) {
    headers_.push_back({header.name, http::header_id(header.name), compiled(header.values), header.invert});
  }
  for (const auto& query : match.queries) {
    auto& pairs = queries_.emplace_back();
    for (const auto& pair : query.any) pairs.push_back({pair.key, CompiledPattern(pair.value)});
  }
  for (const auto& source : match.sources) {
    if (const auto range = Cidr::parse(source)) sources_.add(*range);
  }
}

bool CompiledMatch::has(const Header& header, const http::HeaderBlock& fields) {
  if (header.id != http::HeaderId::other && !fields.has(header.id)) return false;
  for (const http::HeaderField field : fields) {
    if (field.id != header.id) continue;
    if (field.id == http::HeaderId::other && !http::equals_ignoring_case(field.name, header.name)) continue;
    if (header.values.empty()) return true;
    for (const CompiledPattern& value : header.values) {
      if (value.fits(field.value, value.is_wildcard() ? Case::ignored : Case::sensitive)) return true;
    }
  }
  return false;
}

bool CompiledMatch::has(const std::vector<Pair>& any, std::string_view query) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const std::string_view key = one.substr(0, one.find('='));
    const std::string_view value = one.substr(std::min(one.size(), key.size() + 1));
    for (const Pair& pair : any) {
      if (!pair.key.empty() && !wildcard_match(pair.key, key, Case::ignored)) continue;
      if (pair.value.fits(value, pair.value.is_wildcard() ? Case::ignored : Case::sensitive)) return true;
    }
  }
  return false;
}

bool CompiledMatch::takes_headers(const http::HeaderBlock* fields) const {
  return std::ranges::all_of(
      headers_, [&](const Header& header) { return (fields != nullptr && has(header, *fields)) != header.invert; });
}

bool CompiledMatch::takes_grpc(const RequestTraits& request) const {
  if (!match_->grpc) return true;
  if (request.fields == nullptr || !is_grpc(*request.fields)) return false;
  const auto& [service, method] = *match_->grpc;
  if (service.empty()) return true;
  std::string_view path = request.path;
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  if (!path.starts_with(service) || path.substr(service.size(), 1) != "/") return false;
  return method.empty() || path.substr(service.size() + 1) == method;
}

bool CompiledMatch::takes(const RequestTraits& request) const {
  const auto& methods = match_->methods;
  if (!hosts_.empty() && !any_fits(hosts_, request.host, Case::ignored)) return false;
  if (!paths_.empty() && !any_fits(paths_, request.path, Case::sensitive)) return false;
  if (!methods.empty() && std::ranges::find(methods, request.method) == methods.end()) return false;
  if (!takes_headers(request.fields) || !takes_grpc(request)) return false;
  if (!std::ranges::all_of(queries_, [&](const auto& any) { return has(any, request.query); })) return false;
  return sources_.empty() || sources_.contains(request.source);
}

void RuleIndex::build(std::span<const Match* const> rules) {
  rules_.clear();
  buckets_.clear();
  lengths_ = 0;
  by_host_ = false;
  rules_.reserve(rules.size());
  for (const Match* match : rules) {
    rules_.emplace_back(*match);
    place(static_cast<std::uint32_t>(rules_.size() - 1), *match);
  }
}

void RuleIndex::place(std::uint32_t at, const Match& match) {
  std::vector<std::uint64_t> hosts;
  for (const auto& host : match.hosts) hosts.push_back(host_key(host.text));
  if (hosts.empty() || !std::ranges::all_of(match.hosts, whole)) {
    hosts = {kAnyHost};
  } else {
    by_host_ = true;
  }
  std::vector<std::string_view> paths;
  for (const auto& path : match.paths) paths.push_back(beginning(path));
  if (paths.empty()) paths.emplace_back();
  for (const std::string_view path : paths) {
    lengths_ |= std::uint64_t{1} << path.size();
    for (std::uint64_t key : hosts) {
      for (const char c : path) key = rolled(key, c);
      Bucket& bucket = buckets_[key];
      if (bucket.empty() || bucket.back() != at) bucket.push_back(at);
    }
  }
}

void RuleIndex::ask(std::uint64_t key, const RequestTraits& request, std::size_t& best) const {
  const auto bucket = buckets_.find(key);
  if (bucket == buckets_.end()) return;
  for (const std::uint32_t at : bucket->second) {
    if (at >= best) return;
    if (!rules_[at].takes(request)) continue;
    best = at;
    return;
  }
}

void RuleIndex::look(std::uint64_t host, const RequestTraits& request, std::size_t& best) const {
  std::uint64_t key = host;
  for (std::size_t length = 0;; ++length) {
    if ((lengths_ >> length) & 1) ask(key, request, best);
    if (length == request.path.size() || length == kIndexedPath || lengths_ >> length <= 1) return;
    key = rolled(key, request.path[length]);
  }
}

std::optional<std::size_t> RuleIndex::find(const RequestTraits& request) const {
  std::size_t best = rules_.size();
  look(kAnyHost, request, best);
  if (by_host_) look(host_key(request.host), request, best);
  if (best == rules_.size()) return std::nullopt;
  return best;
}

}  // namespace weir::proxy
