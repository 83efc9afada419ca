// Store: where wishes and facts live. Documents are keyed by kind and name, each with the revision that wrote it; a
// batch commits whole or not at all, with compare-and-set; the change feed replays from any revision. The only
// meeting place of the control side. One thread (the control thread).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/shape.h"

namespace weir::store {

struct Key {
  std::string kind;  // "service", "task", …: a document struct's kKind
  std::string name;  // "<account>/<region>/…": a document struct's key()
  auto operator<=>(const Key&) const = default;
};

// What a document says: its JSON text and, once somebody has asked for it, the struct that this decodes to, so that
// each revision is decoded once however often it is read.
class Body {
 public:
  explicit Body(std::string text) : text_(std::move(text)) {}

  const std::string& text() const { return text_; }
  // Errors: "Json" and those of from_json(). A body is asked for one D only, as its kind says.
  template <class D>
  Result<std::shared_ptr<const D>> as() const {
    if (!decoded_) {
      const Json json = TRY(Json::parse(text_));
      decoded_ = std::make_shared<const D>(TRY(from_json_shape<D>(json)));
    }
    return std::static_pointer_cast<const D>(decoded_);
  }

 private:
  std::string text_;
  mutable std::shared_ptr<const void> decoded_;
};

struct Document {
  Key key;
  std::int64_t revision = 0;  // of the commit that wrote it; > 0
  std::shared_ptr<const Body> body;
};

// What a write expects to find. `any` overwrites.
struct Expect {
  static constexpr std::int64_t kAny = -1;
  static constexpr std::int64_t kAbsent = 0;
};

struct Write {
  Key key;
  std::optional<std::string> body;  // none: delete
  std::int64_t expected = Expect::kAny;
};

struct Change {
  std::int64_t revision = 0;
  Key key;
  bool deleted = false;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual Result<std::optional<Document>> get(const Key& key) = 0;
  // Documents of `kind` whose names start with `prefix`, in the order of names.
  virtual Result<std::vector<Document>> list(std::string_view kind, std::string_view prefix) = 0;

  // Writes all or none; durable when it returns. The revision grows by one a commit and is given back.
  // Errors: "Conflict" (retry safe) where an expectation does not hold; "Duplicate" where a document is named twice;
  // "Full" where the disk is; "Io". After an error the store is as it was. An empty batch does nothing.
  virtual Result<std::int64_t> commit(std::span<const Write> writes) = 0;

  // Of the last commit; 0 for an empty store.
  virtual std::int64_t revision() const = 0;
  // What was written after `revision`, oldest first, the newest change of a document only; for 0, what there is.
  // Errors: "Trimmed" where deletions after `revision` are no longer known (kTombstonesKept): start afresh from 0.
  virtual Result<std::vector<Change>> changes(std::int64_t after) = 0;
  // Called after each commit, outside of it. One listener: a later one takes its place.
  virtual void on_commit(std::function<void()> told) = 0;
};

// --- documents as structs ---------------------------------------------------------------------------------------
// D is a described struct with `static constexpr const char* kKind` and `std::string key() const`.

template <class D>
struct Versioned {
  D document;
  std::int64_t revision = 0;  // Expect::kAbsent for one that is not stored yet
};

// A document to look at, shared with the store. It stays as it is when the store moves on.
template <class D>
struct Snapshot {
  std::shared_ptr<const D> document;
  std::int64_t revision = 0;
  const D& operator*() const { return *document; }
  const D* operator->() const { return document.get(); }
};

// A copy to change, from what a store keeps.
template <class D>
Result<Versioned<D>> decode(const Document& raw) {
  return Versioned<D>{*TRY(raw.body->as<D>()), raw.revision};
}

template <class D>
Result<std::optional<Snapshot<D>>> peek(Store& store, std::string name) {
  const auto raw = TRY(store.get({D::kKind, std::move(name)}));
  if (!raw) return std::nullopt;
  return Snapshot<D>{TRY(raw->body->template as<D>()), raw->revision};
}

template <class D>
Result<std::vector<Snapshot<D>>> peek_all(Store& store, std::string_view prefix) {
  const auto raws = TRY(store.list(D::kKind, prefix));
  std::vector<Snapshot<D>> all;
  all.reserve(raws.size());
  for (const auto& raw : raws) all.push_back({TRY(raw.body->template as<D>()), raw.revision});
  return all;
}

// As peek() and peek_all(), but copies to change.
template <class D>
Result<std::optional<Versioned<D>>> load(Store& store, std::string name) {
  const auto found = TRY(peek<D>(store, std::move(name)));
  if (!found) return std::nullopt;
  return Versioned<D>{*found->document, found->revision};
}

template <class D>
Result<std::vector<Versioned<D>>> load_all(Store& store, std::string_view prefix) {
  std::vector<Versioned<D>> all;
  for (const auto& one : TRY(peek_all<D>(store, prefix))) all.push_back({*one, one.revision});
  return all;
}

// A write of `document` that expects the revision it was read at.
template <class D>
Write put(const D& document, std::int64_t expected) {
  return {{D::kKind, document.key()}, to_json_shape(document).dump(), expected};
}
template <class D>
Write put(const Versioned<D>& versioned) {
  return put(versioned.document, versioned.revision);
}
template <class D>
Write erase(const Versioned<D>& versioned) {
  return {{D::kKind, versioned.document.key()}, std::nullopt, versioned.revision};
}

}  // namespace weir::store
