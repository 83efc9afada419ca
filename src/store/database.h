// Database: one SQLite file with one connection, and prepared statements on it; the only files that know sqlite3.h.
// One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace weir::store {

class Database;

// A prepared statement. Bind parameters from 1, step until false, reset, use again.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // The text must stay where it is until reset().
  void bind(int parameter, std::string_view text);
  void bind(int parameter, std::int64_t value);
  void bind_null(int parameter);
  // True: a row is there. Errors: as Database::run.
  Result<bool> step();
  // Columns of the row, from 0.
  std::string text(int column) const;
  std::int64_t integer(int column) const;
  bool is_null(int column) const;
  void reset();

 private:
  friend class Database;
  Database* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  // Opens or makes the file, for this process alone. Errors: "Locked" where another process has it, "Corrupt" where it
  // is damaged or no database, "Io".
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Errors: "Full" where the disk or the quota is, "Corrupt", "Locked", "Io".
  Result<> run(const char* sql);
  Result<Statement> prepare(const char* sql);
  // The single number that `sql` yields, e.g. of a PRAGMA.
  Result<std::int64_t> number(const char* sql);
  // The error that the last call left behind.
  std::unexpected<Error> failure() const;

 private:
  Database(sqlite3* connection, std::string path) : connection_(connection), path_(std::move(path)) {}

  sqlite3* connection_;
  std::string path_;
};

}  // namespace weir::store
