// Members: reads the members of one JSON object strictly, for the codecs of this room. Every member of the object must
// be asked for by the time finish() is called; the first fault is kept and told with its path
// ("pools[2].health.interval_ms"). One thread, short-lived.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace weir::route {

using std::chrono::milliseconds;

// The words of an enum in JSON, in the order of its values.
using Words = std::span<const std::string_view>;

template <class Enum>
Json word_json(Words words, Enum value) {
  return Json(words[static_cast<std::size_t>(value)]);
}

template <class Items, class Function>
Json array_of(const Items& items, Function one) {
  Json::Array array;
  array.reserve(items.size());
  for (const auto& item : items) array.push_back(one(item));
  return array;
}

class Faults {
 public:
  void add(std::string where, std::string what) {
    if (!first_) first_ = where + ": " + what;
  }
  const std::optional<std::string>& first() const { return first_; }

 private:
  std::optional<std::string> first_;
};

// Ids that have been seen; they lie in the Json that is read.
using Ids = std::unordered_set<std::string_view>;

// Where an item of an array stands. It becomes text only where there is a fault: most have none.
struct ItemPath {
  const std::string* list;
  std::size_t index;
  operator std::string() const { return *list + "[" + std::to_string(index) + "]"; }
};

// The items of an array, each with its path; for a range-based loop.
class MemberList {
 public:
  struct Item {
    const Json* json;
    ItemPath path;
  };
  class Iterator {
   public:
    Iterator(const MemberList& list, std::size_t index) : list_(&list), index_(index) {}
    Item operator*() const { return {&(*list_->items_)[index_], {&list_->path_, index_}}; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const MemberList* list_;
    std::size_t index_;
  };
  MemberList(const Json& array, std::string path) : items_(&array.items()), path_(std::move(path)) {}
  MemberList(const MemberList&) = delete;  // items point to it
  MemberList& operator=(const MemberList&) = delete;
  std::size_t size() const { return items_->size(); }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  const Json::Array* items_;
  std::string path_;
};

class Members {
 public:
  Members(const Json& json, std::string path, Faults& faults);
  Members(const Json& json, ItemPath path, Faults& faults);

  std::string text(std::string_view name);  // required
  std::string text_or(std::string_view name, std::string otherwise);
  std::int64_t number(std::string_view name, std::int64_t low, std::int64_t high);  // required
  std::int64_t number_or(std::string_view name, std::int64_t low, std::int64_t high, std::int64_t otherwise);
  bool flag(std::string_view name);  // required
  bool flag_or(std::string_view name, bool otherwise);
  unsigned count_or(std::string_view name, std::int64_t low, std::int64_t high, unsigned otherwise);
  // 0 to kMaxMillis.
  milliseconds millis_or(std::string_view name, milliseconds otherwise);
  std::string ip_literal(std::string_view name);  // required
  std::string identity(Ids& seen);                // the member "id", which is not to repeat
  template <class Enum>
  Enum word_or(std::string_view name, Words words, Enum otherwise) {
    return static_cast<Enum>(word(name, words, static_cast<std::size_t>(otherwise)));
  }
  // The items of an array, empty where it is missing.
  MemberList list(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  // A member of any type, null where it is missing.
  const Json& any(std::string_view name) { return find(name); }

  // Every member that nobody asked for is a fault.
  void finish();
  std::string path(std::string_view name) const;
  Faults& faults() { return faults_; }
  void fault(std::string_view name, std::string what) { faults_.add(path(name), std::move(what)); }

 private:
  const Json& find(std::string_view name);
  std::string here() const;
  std::size_t word(std::string_view name, Words words, std::size_t otherwise);

  const Json& json_;
  std::string path_;
  std::optional<ItemPath> item_;  // instead of `path_`
  Faults& faults_;
  std::uint64_t asked_ = 0;  // a bit for each member of `json_`, in its order, up to kMaxMembers
};

}  // namespace weir::route
