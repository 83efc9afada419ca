#include "store/document_index.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/check.h"

namespace weir::store {

std::optional<Document> DocumentIndex::get(const Key& key) const {
  const auto kind = kinds_.find(key.kind);
  if (kind == kinds_.end()) return std::nullopt;
  const auto found = kind->second.find(key.name);
  if (found == kind->second.end()) return std::nullopt;
  return Document{key, found->second.revision, found->second.body};
}

std::vector<Document> DocumentIndex::list(std::string_view kind, std::string_view prefix) const {
  std::vector<Document> all;
  const auto names = kinds_.find(kind);
  if (names == kinds_.end()) return all;
  for (auto at = names->second.lower_bound(prefix); at != names->second.end() && at->first.starts_with(prefix); ++at) {
    all.push_back({{std::string(kind), at->first}, at->second.revision, at->second.body});
  }
  return all;
}

Result<std::vector<Change>> DocumentIndex::changes(std::int64_t after) const {
  // A reader who has nothing yet misses nothing by forgotten deletions.
  if (after > 0 && after < trimmed_) {
    return fail("Trimmed",
                fmt::format("the changes after revision {} are no longer known, only those after {}", after, trimmed_),
                ErrorSource::store);
  }
  std::vector<Change> all;
  for (auto at = feed_.lower_bound({after + 1, Key{}}); at != feed_.end(); ++at) {
    if (after == 0 && at->second) continue;
    all.push_back({at->first.first, at->first.second, at->second});
  }
  return all;
}

std::int64_t DocumentIndex::revision_of(const Key& key) const {
  const auto kind = kinds_.find(key.kind);
  if (kind == kinds_.end()) return Expect::kAbsent;
  const auto found = kind->second.find(key.name);
  return found == kind->second.end() ? Expect::kAbsent : found->second.revision;
}

Result<> DocumentIndex::admit(std::span<const Write> writes) const {
  std::set<Key> seen;
  for (const auto& write : writes) {
    if (!seen.insert(write.key).second) {
      return fail("Duplicate", fmt::format("a batch writes {} {} twice", write.key.kind, write.key.name),
                  ErrorSource::store);
    }
    if (write.expected == Expect::kAny) continue;
    const std::int64_t found = revision_of(write.key);
    if (found == write.expected) continue;
    return fail(
        "Conflict",
        fmt::format("{} {} is at revision {}, expected was {}", write.key.kind, write.key.name, found, write.expected),
        ErrorSource::store, Retry::safe);
  }
  return {};
}

void DocumentIndex::forget_tombstone(const Key& key) {
  const auto found = tombstones_.find(key);
  if (found == tombstones_.end()) return;
  feed_.erase({found->second, key});
  tombstones_.erase(found);
}

void DocumentIndex::apply(std::span<const Write> writes) {
  ++revision_;
  for (const auto& write : writes) {
    const std::int64_t before = revision_of(write.key);
    if (before != Expect::kAbsent) feed_.erase({before, write.key});
    if (write.body) {
      forget_tombstone(write.key);
      kinds_[write.key.kind][write.key.name] = {revision_, std::make_shared<const Body>(*write.body)};
      feed_[{revision_, write.key}] = false;
    } else if (before != Expect::kAbsent) {
      kinds_.find(write.key.kind)->second.erase(write.key.name);
      tombstones_[write.key] = revision_;
      feed_[{revision_, write.key}] = true;
    }
  }
}

void DocumentIndex::restore(Document document) {
  feed_[{document.revision, document.key}] = false;
  kinds_[document.key.kind][document.key.name] = {document.revision, std::move(document.body)};
}

void DocumentIndex::restore_tombstone(Key key, std::int64_t revision) {
  feed_[{revision, key}] = true;
  tombstones_[std::move(key)] = revision;
}

void DocumentIndex::restore_counters(std::int64_t revision, std::int64_t trimmed) {
  revision_ = revision;
  trimmed_ = trimmed;
}

std::int64_t DocumentIndex::trim_point(std::size_t kept) const {
  if (tombstones_.size() <= kept) return 0;
  std::size_t surplus = tombstones_.size() - kept;
  for (const auto& [change, deleted] : feed_) {
    if (deleted && --surplus == 0) return change.first;
  }
  return 0;
}

void DocumentIndex::trim(std::int64_t revision) {
  std::erase_if(feed_, [&](const auto& change) { return change.second && change.first.first <= revision; });
  std::erase_if(tombstones_, [&](const auto& tombstone) { return tombstone.second <= revision; });
  trimmed_ = std::max(trimmed_, revision);
}

}  // namespace weir::store
