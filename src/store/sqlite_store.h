// SqliteStore: the durable store. Documents are answered from memory; SQLite is the journal that they are written to,
// one transaction a commit, synced before it returns. One process at a time: the state folder is locked. One thread.
#pragma once

#include <memory>
#include <string>

#include "store/database.h"
#include "store/document_index.h"
#include "store/store.h"

namespace weir::store {

class SqliteStore final : public Store {
 public:
  // The store in `directory` (made where it is absent): weir.db and lock. Errors: "Locked" where another weir serve
  // runs on it, "Newer" where a newer Weir wrote it, "Corrupt", "Full", "Io".
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& directory);
  ~SqliteStore() override;

  Result<std::optional<Document>> get(const Key& key) override { return index_.get(key); }
  Result<std::vector<Document>> list(std::string_view kind, std::string_view prefix) override {
    return index_.list(kind, prefix);
  }
  Result<std::int64_t> commit(std::span<const Write> writes) override;
  std::int64_t revision() const override { return index_.revision(); }
  Result<std::vector<Change>> changes(std::int64_t after) override { return index_.changes(after); }
  void on_commit(std::function<void()> told) override { told_ = std::move(told); }

 private:
  SqliteStore(int lock, std::unique_ptr<Database> database) : lock_(lock), database_(std::move(database)) {}

  Result<> load();
  // Writes the batch within an open transaction.
  Result<> journal(std::span<const Write> writes, std::int64_t revision);
  Result<> set_counter(std::string_view name, std::int64_t value);
  // Runs `work` in a transaction; undone where it fails.
  Result<> transaction(const std::function<Result<>()>& work);
  void trim();

  int lock_;  // descriptor of the locked file
  std::unique_ptr<Database> database_;
  Statement put_;
  Statement set_counter_;
  Statement forget_deletions_;
  DocumentIndex index_;
  std::function<void()> told_;
};

}  // namespace weir::store
