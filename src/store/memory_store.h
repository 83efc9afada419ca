// MemoryStore: a store that is gone with its process, for `weir serve --ephemeral`, tests and simulation. One thread.
#pragma once

#include "store/document_index.h"
#include "store/store.h"

namespace weir::store {

class MemoryStore final : public Store {
 public:
  Result<std::optional<Document>> get(const Key& key) override { return index_.get(key); }
  Result<std::vector<Document>> list(std::string_view kind, std::string_view prefix) override {
    return index_.list(kind, prefix);
  }
  Result<std::int64_t> commit(std::span<const Write> writes) override;
  std::int64_t revision() const override { return index_.revision(); }
  Result<std::vector<Change>> changes(std::int64_t after) override { return index_.changes(after); }
  void on_commit(std::function<void()> told) override { told_ = std::move(told); }

 private:
  DocumentIndex index_;
  std::function<void()> told_;
};

}  // namespace weir::store
