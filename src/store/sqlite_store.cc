#include "store/sqlite_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "store/limits.h"

namespace weir::store {
namespace {

// The n-th step brings a store from version n to n + 1. Steps are only ever added.
constexpr const char* kMigrations[] = {
    // A document without a body is a deletion that the change feed still tells.
    "CREATE TABLE document (kind TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT,"
    "  PRIMARY KEY (kind, name)) WITHOUT ROWID;"
    "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO counter VALUES ('revision', 0), ('trimmed', 0);",
};
constexpr std::int64_t kVersion = std::size(kMigrations);
constexpr std::int64_t kApplicationId = 0x57656972;  // "Weir"

Result<int> lock(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail("Io", fmt::format("cannot make the state folder {}: {}", directory, error.message()));
  const std::string path = directory + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno("cannot open " + path, errno);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  const int why = errno;
  close(fd);
  if (why != EWOULDBLOCK) return fail_errno("cannot lock " + path, why);
  return fail("Locked", fmt::format("another weir serve uses the state folder {}", directory), ErrorSource::store);
}

Error explained(Error error, const std::string& directory) {
  if (error.code == "Corrupt") {
    error.message = fmt::format(
        "the store in {} is damaged ({}); restore {}/weir.db from a copy, or start with another "
        "state folder",
        directory, error.message, directory);
  }
  return error;
}

Result<> migrate(Database& database, const std::string& path) {
  const std::int64_t application = TRY(database.number("PRAGMA application_id"));
  const std::int64_t version = TRY(database.number("PRAGMA user_version"));
  const bool foreign = application != kApplicationId &&
                       (application != 0 || TRY(database.number("SELECT count(*) FROM sqlite_master")) != 0);
  if (foreign) return fail("Corrupt", fmt::format("{} is a database of another program", path), ErrorSource::store);
  if (version > kVersion) {
    return fail("Newer",
                fmt::format("the store {} was written by a newer Weir (version {}, this one knows {})", path, version,
                            kVersion),
                ErrorSource::store);
  }
  for (std::int64_t at = version; at < kVersion; ++at) {
    const std::string step = fmt::format("BEGIN IMMEDIATE; {} PRAGMA application_id={}; PRAGMA user_version={}; COMMIT",
                                         kMigrations[at], kApplicationId, at + 1);
    if (auto done = database.run(step.c_str()); !done) {
      (void)database.run("ROLLBACK");
      return done;
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& directory) {
  const int locked = TRY(lock(directory));
  const std::string path = directory + "/weir.db";
  // Its owner's alone: documents hold environments. SQLite's journal takes the same mode.
  close(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  auto database = Database::open(path);
  if (!database) {
    close(locked);
    return std::unexpected(explained(database.error(), directory));
  }
  std::unique_ptr<SqliteStore> store(new SqliteStore(locked, std::move(*database)));
  if (auto ready = migrate(*store->database_, path); !ready) {
    return std::unexpected(explained(ready.error(), directory));
  }
  if (auto loaded = store->load(); !loaded) return std::unexpected(explained(loaded.error(), directory));
  return store;
}

SqliteStore::~SqliteStore() {
  put_ = {};
  set_counter_ = {};
  forget_deletions_ = {};
  database_.reset();
  close(lock_);
}

Result<> SqliteStore::load() {
  put_ =
      TRY(database_->prepare("INSERT INTO document (kind, name, revision, body) VALUES (?1, ?2, ?3, ?4)"
                             " ON CONFLICT DO UPDATE SET revision = ?3, body = ?4"));
  set_counter_ = TRY(database_->prepare("UPDATE counter SET value = ?2 WHERE name = ?1"));
  forget_deletions_ = TRY(database_->prepare("DELETE FROM document WHERE body IS NULL AND revision <= ?1"));
  Statement all = TRY(database_->prepare("SELECT kind, name, revision, body FROM document"));
  while (TRY(all.step())) {
    Key key{all.text(0), all.text(1)};
    if (all.is_null(3)) {
      index_.restore_tombstone(std::move(key), all.integer(2));
    } else {
      index_.restore({std::move(key), all.integer(2), std::make_shared<const Body>(all.text(3))});
    }
  }
  index_.restore_counters(TRY(database_->number("SELECT value FROM counter WHERE name = 'revision'")),
                          TRY(database_->number("SELECT value FROM counter WHERE name = 'trimmed'")));
  return {};
}

Result<> SqliteStore::transaction(const std::function<Result<>()>& work) {
  TRY(database_->run("BEGIN IMMEDIATE"));
  auto done = work();
  if (done) done = database_->run("COMMIT");
  // Where SQLite has rolled back by itself already, this one fails and does no harm.
  if (!done) (void)database_->run("ROLLBACK");
  return done;
}

Result<> SqliteStore::set_counter(std::string_view name, std::int64_t value) {
  set_counter_.bind(1, name);
  set_counter_.bind(2, value);
  auto done = set_counter_.step();
  set_counter_.reset();
  TRY(std::move(done));
  return {};
}

Result<> SqliteStore::journal(std::span<const Write> writes, std::int64_t revision) {
  for (const auto& write : writes) {
    if (!write.body && !index_.get(write.key)) continue;
    put_.bind(1, write.key.kind);
    put_.bind(2, write.key.name);
    put_.bind(3, revision);
    if (write.body) {
      put_.bind(4, *write.body);
    } else {
      put_.bind_null(4);
    }
    auto done = put_.step();
    put_.reset();
    TRY(std::move(done));
  }
  return set_counter("revision", revision);
}

Result<std::int64_t> SqliteStore::commit(std::span<const Write> writes) {
  if (writes.empty()) return revision();
  TRY(index_.admit(writes));
  TRY(transaction([&] { return journal(writes, revision() + 1); }));
  index_.apply(writes);
  if (index_.tombstones() >= 2 * kTombstonesKept) trim();
  const std::int64_t written = revision();
  if (told_) told_();
  return written;
}

// Where it cannot be done now (no room), the next commit tries again.
void SqliteStore::trim() {
  const std::int64_t point = index_.trim_point(kTombstonesKept);
  const auto trimmed = transaction([&]() -> Result<> {
    forget_deletions_.bind(1, point);
    auto done = forget_deletions_.step();
    forget_deletions_.reset();
    TRY(std::move(done));
    return set_counter("trimmed", point);
  });
  if (trimmed) index_.trim(point);
}

}  // namespace weir::store
