// Matching: which rule takes a request? Pure; a RuleIndex belongs to one thread, the functions to any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/cidr.h"
#include "base/regex.h"
#include "base/wildcard.h"
#include "http/header.h"
#include "route/match.h"

namespace weir::proxy {

// The host of an authority: without port, brackets stay ("[::1]").
std::string_view host_of(std::string_view authority);

// What of a request decides where it goes; borrowed.
struct RequestTraits {
  std::string_view host;  // without port
  std::string_view path;  // without query
  std::string_view query = {};
  std::string_view method = "GET";
  std::string_view source = {};  // the peer's address
  const http::HeaderBlock* fields = nullptr;
};

// A Pattern, ready to be asked.
class CompiledPattern {
 public:
  // `pattern` is borrowed.
  explicit CompiledPattern(const route::Pattern& pattern);

  // `letters`: of everything but regular expressions.
  bool fits(std::string_view text, Case letters) const;
  bool is_wildcard() const { return pattern_->kind == route::Pattern::Kind::wildcard; }

 private:
  const route::Pattern* pattern_;
  std::optional<Regex> regex_;
};

// A Match, ready to be asked.
class CompiledMatch {
 public:
  // `match` is borrowed.
  explicit CompiledMatch(const route::Match& match);

  bool takes(const RequestTraits& request) const;

 private:
  using Patterns = std::vector<CompiledPattern>;
  struct Header {
    std::string_view name;
    http::HeaderId id;
    Patterns values;
    bool invert;
  };
  struct Pair {
    std::string_view key;
    CompiledPattern value;
  };
  static bool has(const Header& header, const http::HeaderBlock& fields);
  static bool has(const std::vector<Pair>& any, std::string_view query);
  bool takes_headers(const http::HeaderBlock* fields) const;
  bool takes_grpc(const RequestTraits& request) const;

  const route::Match* match_;
  Patterns hosts_, paths_;
  std::vector<Header> headers_;
  std::vector<std::vector<Pair>> queries_;
  CidrSet sources_;
};

// An ordered list of rules that finds the first which takes a request without asking each: a rule is looked up by its
// host, where it names hosts without wildcards, and by what its path begins with up to the first wildcard. Ten thousand
// rules that differ in either cost hardly more than ten.
class RuleIndex {
 public:
  // Places in the list are places in `rules`, which are borrowed.
  void build(std::span<const route::Match* const> rules);
  std::optional<std::size_t> find(const RequestTraits& request) const;

 private:
  using Bucket = std::vector<std::uint32_t>;  // places, ascending

  void place(std::uint32_t at, const route::Match& match);
  void ask(std::uint64_t key, const RequestTraits& request, std::size_t& best) const;
  void look(std::uint64_t host, const RequestTraits& request, std::size_t& best) const;

  std::vector<CompiledMatch> rules_;
  // By the hash of host and beginning of path: two that collide only share a bucket, since every rule is asked.
  std::unordered_map<std::uint64_t, Bucket> buckets_;
  std::uint64_t lengths_ = 0;  // bit n: some rule is looked up by n bytes of path
  bool by_host_ = false;       // some rule is looked up by host
};

}  // namespace weir::proxy
