// DocumentIndex: the documents and the change feed in memory, what every store of this folder answers from. A commit
// is two steps, so that a journal can be written in between: admit() says whether the batch may be, apply() does it.
// One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace weir::store {

class DocumentIndex {
 public:
  std::optional<Document> get(const Key& key) const;
  std::vector<Document> list(std::string_view kind, std::string_view prefix) const;
  // Errors: "Trimmed" where deletions after `after` are no longer known.
  Result<std::vector<Change>> changes(std::int64_t after) const;
  std::int64_t revision() const { return revision_; }

  // Errors: "Conflict" where an expectation does not hold, "Duplicate" where a batch names a document twice.
  Result<> admit(std::span<const Write> writes) const;
  // Makes the writes of an admitted batch at revision() + 1.
  void apply(std::span<const Write> writes);

  // Takes back what a journal kept, in any order.
  void restore(Document document);
  void restore_tombstone(Key key, std::int64_t revision);
  void restore_counters(std::int64_t revision, std::int64_t trimmed);

  std::size_t tombstones() const { return tombstones_.size(); }
  // The revision up to which deletions have to be forgotten for `kept` of them to remain; 0 for none.
  std::int64_t trim_point(std::size_t kept) const;
  // Forgets the deletions at or before `revision`.
  void trim(std::int64_t revision);

 private:
  struct Entry {
    std::int64_t revision = 0;
    std::shared_ptr<const Body> body;
  };
  using Names = std::map<std::string, Entry, std::less<>>;

  std::int64_t revision_of(const Key& key) const;
  void forget_tombstone(const Key& key);

  std::map<std::string, Names, std::less<>> kinds_;
  std::map<Key, std::int64_t> tombstones_;
  // The newest change of each document and tombstone.
  std::map<std::pair<std::int64_t, Key>, bool> feed_;  // true: deleted
  std::int64_t revision_ = 0;
  std::int64_t trimmed_ = 0;
};

}  // namespace weir::store
