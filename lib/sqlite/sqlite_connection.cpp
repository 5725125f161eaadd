#include "sqlite/sqlite_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/private_folder.h"

namespace responses_proxy {

namespace {

// Of SqlInsert::on_conflict: rows that cannot be written are none the worse for it.
constexpr std::string_view kLeaveOut = "DO NOTHING";

bool about_the_data(const SQLite::Exception& error) {
  switch (error.getErrorCode()) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return true;
    default:
      return false;
  }
}

// Throws what SQLite reports as StorageError.
template <class Action>
auto guarded(const std::string& name, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const SQLite::Exception& error) {
    if (about_the_data(error)) throw RecordRefused(fmt::format("{}: {}", name, error.what()));
    throw StorageError(fmt::format("{}: {}", name, error.what()));
  }
}

// SQLite would create it with the permissions of the umask; its -wal and -shm files copy this
// one's.
void create_private_file(const std::string& name, const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (const std::error_code problem = make_private_folder(folder)) {
    throw StorageError(fmt::format("{}: cannot create its folder: {}", name, problem.message()));
  }
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    const std::error_code reason(errno, std::generic_category());
    throw StorageError(fmt::format("{}: cannot open it: {}", name, reason.message()));
  }
  ::close(file);
}

// Two processes may begin with the same new file. For this statement SQLite does not wait by itself
// until the other one leaves it alone.
void keep_log_ahead(SQLite::Database& database, Millis patience) {
  constexpr Millis kPause{10};
  for (Millis left = patience;; left -= kPause) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (const SQLite::Exception& error) {
      if (error.getErrorCode() != SQLITE_BUSY || left <= Millis(0)) throw;
    }
    sqlite3_sleep(static_cast<int>(kPause.count()));
  }
}

SQLite::Database open(const std::string& name, const std::string& path, SqliteConnection::Mode mode,
                      Millis patience) {
  if (mode == SqliteConnection::Mode::write) create_private_file(name, path);
  return guarded(name, [&] {
    SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
                              static_cast<int>(patience.count()));
    database.exec("PRAGMA foreign_keys = ON");
    if (mode == SqliteConnection::Mode::read) {
      database.exec("PRAGMA query_only = ON");
      return database;
    }
    keep_log_ahead(database, patience);
    database.exec("PRAGMA synchronous = NORMAL");
    // Pages are touched again and again by the batches that follow: a checkpoint every 16 MiB of
    // log instead of every 4 writes each of them less often.
    database.exec("PRAGMA wal_autocheckpoint = 4000");
    database.exec("PRAGMA journal_size_limit = 67108864");
    database.exec("PRAGMA cache_size = -16384");
    return database;
  });
}

class SqliteRow final : public SqlRow {
 public:
  explicit SqliteRow(SQLite::Statement& statement) : statement_(statement) {}
  bool is_null(int column) const override { return statement_.isColumnNull(column); }
  std::int64_t integer(int column) const override {
    return statement_.getColumn(column).getInt64();
  }
  std::string text(int column) const override { return statement_.getColumn(column).getString(); }

 private:
  SQLite::Statement& statement_;
};

void bind(SQLite::Statement& statement, std::span<const SqlValue> params) {
  int index = 0;
  for (const SqlValue& param : params) {
    ++index;
    if (const auto* number = std::get_if<std::int64_t>(&param)) {
      statement.bind(index, *number);
    } else if (const auto* text = std::get_if<std::string>(&param)) {
      statement.bindNoCopy(index, *text);
    } else {
      statement.bind(index);
    }
  }
}

// A statement that was stepped holds its locks until it is reset.
class ResetLater {
 public:
  explicit ResetLater(SQLite::Statement& statement) : statement_(statement) {}
  ~ResetLater() { statement_.tryReset(); }
  ResetLater(const ResetLater&) = delete;
  ResetLater& operator=(const ResetLater&) = delete;

 private:
  SQLite::Statement& statement_;
};

}  // namespace

SqliteConnection::SqliteConnection(const std::string& path, Mode mode, Millis patience)
    : path_(path),
      name_(fmt::format("SQLite database {}", path)),
      database_(open(name_, path, mode, patience)),
      opened_file_(file_at(path)) {
  guarded(name_, [&] { cells_.attach(database_); });
}

SqliteConnection::FileId SqliteConnection::file_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

SQLite::Statement& SqliteConnection::statement(const std::string& sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  if (statements_.size() >= kMaxStatements) statements_.clear();
  return statements_.emplace(sql, SQLite::Statement(database_, sql)).first->second;
}

SqliteInsert& SqliteConnection::prepared_insert(const std::string& sql) {
  const auto known = inserts_.find(sql);
  if (known != inserts_.end()) return known->second;
  if (inserts_.size() >= kMaxStatements) inserts_.clear();
  return inserts_.emplace(sql, SqliteInsert(database_, sql)).first->second;
}

std::int64_t SqliteConnection::execute(const std::string& sql, std::span<const SqlValue> params) {
  return guarded(name_, [&]() -> std::int64_t {
    SQLite::Statement& prepared = statement(sql);
    const ResetLater reset(prepared);
    bind(prepared, params);
    return prepared.exec();
  });
}

void SqliteConnection::query(const std::string& sql, std::span<const SqlValue> params,
                             const std::function<void(const SqlRow&)>& on_row) {
  guarded(name_, [&] {
    SQLite::Statement& prepared = statement(sql);
    const ResetLater reset(prepared);
    bind(prepared, params);
    const SqliteRow row(prepared);
    while (prepared.executeStep()) on_row(row);
  });
}

std::vector<bool> SqliteConnection::insert_cells(const SqlInsert& into,
                                                 std::span<const SqlCell> cells) {
  const std::size_t width = into.columns.size();
  const std::size_t rows = cells.size() / width;
  if (rows == 0) return {};
  return guarded(name_, [&] {
    SqliteInsert& insert = prepared_insert(SqliteInsert::statement_of(into));
    cells_.show(cells, width);
    const bool all = insert.run() == static_cast<std::int64_t>(rows);
    if (!all && into.on_conflict != kLeaveOut) {
      throw RecordRefused(fmt::format("{}: {} cannot hold one of its rows", name_, into.table));
    }
    return all ? std::vector<bool>(rows, true) : cells_.written();
  });
}

void SqliteConnection::begin() {
  if (file_at(path_) != opened_file_) {
    throw DatabaseMoved(fmt::format("{}: the file was moved or deleted", name_));
  }
  execute("BEGIN IMMEDIATE", {});
}

void SqliteConnection::commit() {
  execute("COMMIT", {});
}

void SqliteConnection::rollback() noexcept {
  try {
    execute("ROLLBACK", {});
  } catch (const std::exception&) {
    // SQLite rolls back by itself after some errors; there is nothing left to undo then.
  }
}

}  // namespace responses_proxy
