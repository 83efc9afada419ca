#include "store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "base/check.h"

namespace weir::store {
namespace {

// What the kernel says when there is no room; SQLite itself knows ENOSPC only.
bool means_full(int error_number) { return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG; }

const char* code_of(int result, int error_number) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return "Full";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "Corrupt";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "Locked";
    default:
      return means_full(error_number) ? "Full" : "Io";
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  const int bound = sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  check(bound == SQLITE_OK, "a statement's parameters can be bound");
}

void Statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, parameter, value) == SQLITE_OK, "a statement's parameters can be bound");
}

void Statement::bind_null(int parameter) {
  check(sqlite3_bind_null(statement_, parameter) == SQLITE_OK, "a statement's parameters can be bound");
}

Result<bool> Statement::step() {
  errno = 0;
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return database_->failure();
  }
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  sqlite3* connection = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  std::unique_ptr<Database> database(new Database(connection, path));
  if (opened != SQLITE_OK) return database->failure();
  TRY(database->run("PRAGMA locking_mode=EXCLUSIVE"));
  TRY(database->run("PRAGMA journal_mode=WAL"));
  TRY(database->run("PRAGMA synchronous=FULL"));
  TRY(database->run("PRAGMA journal_size_limit=16777216"));
  return database;
}

Database::~Database() { sqlite3_close_v2(connection_); }

Result<> Database::run(const char* sql) {
  errno = 0;
  if (sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

Result<Statement> Database::prepare(const char* sql) {
  Statement statement;
  statement.database_ = this;
  const int prepared =
      sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement.statement_, nullptr);
  if (prepared != SQLITE_OK) return failure();
  return statement;
}

Result<std::int64_t> Database::number(const char* sql) {
  Statement statement = TRY(prepare(sql));
  if (!TRY(statement.step())) return fail("Corrupt", fmt::format("{}: no row for {}", path_, sql), ErrorSource::store);
  return statement.integer(0);
}

std::unexpected<Error> Database::failure() const {
  const int result = sqlite3_extended_errcode(connection_);
  // SQLite tells the kernel's word for most calls, but not for a COMMIT that fails: then errno still has it.
  const int told = sqlite3_system_errno(connection_);
  const char* code = code_of(result, told != 0 ? told : errno);
  return fail(code, fmt::format("{}: {}", path_, sqlite3_errmsg(connection_)), ErrorSource::store);
}

}  // namespace weir::store
