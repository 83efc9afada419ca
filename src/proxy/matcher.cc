#include "proxy/matcher.h"

#include <algorithm>

#include "proxy/limits.h"

namespace weir::proxy {
namespace {

using route::Match;

// FNV-1a, 64 bits.
constexpr std::uint64_t kAnyHost = 14695981039346656037ULL;
constexpr std::uint64_t kPrime = 1099511628211ULL;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::uint64_t rolled(std::uint64_t hash, char c) { return (hash ^ static_cast<unsigned char>(c)) * kPrime; }

std::uint64_t host_key(std::string_view host) {
  std::uint64_t hash = rolled(kAnyHost, '\n');  // no host has one
  for (const char c : host) hash = rolled(hash, lower(c));
  return hash;
}

bool has_wildcard(std::string_view pattern) { return pattern.find_first_of("*?") != std::string_view::npos; }

// What every text that fits begins with, as far as rules are looked up by it.
std::string_view beginning(std::string_view pattern) {
  return pattern.substr(0, std::min(pattern.find_first_of("*?"), kIndexedPath));
}

bool any_fits(const std::vector<std::string>& patterns, std::string_view text, Case letters) {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return wildcard_match(pattern, text, letters); });
}

bool header_fits(const route::HeaderMatch& header, http::HeaderId id, const http::HeaderBlock& fields) {
  if (id != http::HeaderId::other && !fields.has(id)) return false;
  for (const http::HeaderField field : fields) {
    if (field.id != id || (id == http::HeaderId::other && !http::equals_ignoring_case(field.name, header.name)))
      continue;
    if (any_fits(header.values, field.value, Case::ignored)) return true;
  }
  return false;
}

bool pair_fits(const route::QueryPair& pair, std::string_view key, std::string_view value) {
  return (pair.key.empty() || wildcard_match(pair.key, key, Case::ignored)) &&
         wildcard_match(pair.value, value, Case::ignored);
}

bool query_fits(const route::QueryMatch& match, std::string_view query) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const std::string_view key = one.substr(0, one.find('='));
    const std::string_view value = one.substr(std::min(one.size(), key.size() + 1));
    if (std::ranges::any_of(match.any, [&](const auto& pair) { return pair_fits(pair, key, value); })) return true;
  }
  return false;
}

}  // namespace

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

CompiledMatch::CompiledMatch(const Match& match) : match_(&match) {
  for (const auto& header : match.headers) header_ids_.push_back(http::header_id(header.name));
  for (const auto& source : match.sources) {
    if (const auto range = Cidr::parse(source)) sources_.push_back(*range);
  }
}

bool CompiledMatch::takes(const RequestTraits& request) const {
  const Match& match = *match_;
  if (!match.hosts.empty() && !any_fits(match.hosts, request.host, Case::ignored)) return false;
  if (!match.paths.empty() && !any_fits(match.paths, request.path, Case::sensitive)) return false;
  if (!match.methods.empty() && std::ranges::find(match.methods, request.method) == match.methods.end()) return false;
  for (std::size_t i = 0; i < match.headers.size(); ++i) {
    if (!request.fields || !header_fits(match.headers[i], header_ids_[i], *request.fields)) return false;
  }
  for (const auto& query : match.queries) {
    if (!query_fits(query, request.query)) return false;
  }
  return match.sources.empty() ||
         std::ranges::any_of(sources_, [&](const Cidr& range) { return range.contains(request.source); });
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
  for (const auto& host : match.hosts) hosts.push_back(host_key(host));
  if (hosts.empty() || std::ranges::any_of(match.hosts, has_wildcard)) {
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
