#include "postgres/postgres_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <unordered_set>
#include <utility>

namespace responses_proxy {

namespace {

// For the network, on top of the time the server has.
constexpr Millis kMostSilence{1'000};

// Whoever knows this number changes the schema; it means nothing else.
constexpr const char* kLockSchema = "SELECT pg_advisory_xact_lock(7163459028346101)";

// Lists come in the order of an index. A planner that expects few rows would rather fetch all of
// them and sort, which is wrong whenever it is wrong about the few. JIT is for what these settings
// make seem expensive.
constexpr const char* kReaderSettings =
    "; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off";

// All settings are those of a transaction: a pool in front of the server (PgBouncer) gives each one
// any of its sessions, and hands that on to whoever comes next, another program included.
std::string begin_statement(const PostgresConnection::Options& options) {
  const bool reads = options.mode == PostgresConnection::Mode::read;
  return fmt::format("BEGIN{}; SET LOCAL statement_timeout = {}{}", reads ? " READ ONLY" : "",
                     options.timeout.count(), reads ? kReaderSettings : "");
}

// The connection is gone: what was asked of it can be asked of another.
class ConnectionLost final : public StorageError {
 public:
  using StorageError::StorageError;
};

void ignore_rows(const PostgresRow&) {}

// Classes of SQLSTATE: data exception, integrity constraint, limits of the program.
bool about_the_data(const std::string& state) {
  return state.starts_with("22") || state.starts_with("23") || state.starts_with("54");
}

// Undefined schema, table, column.
bool about_the_schema(const std::string& state) {
  return state == "3F000" || state == "42P01" || state == "42703";
}

// Nothing from the server, or its good-bye.
bool about_the_connection(const std::string& state) {
  return state.empty() || state.starts_with("57P") || state.starts_with("08");
}

bool is_word_part(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Each `word` of the statement with `more` in its place.
std::string replaced(const std::string& statement, std::string_view word, std::string_view more) {
  std::string adapted;
  std::size_t copied = 0;
  for (auto at = statement.find(word); at != std::string::npos;
       at = statement.find(word, at + word.size())) {
    const auto end = at + word.size();
    if (at > 0 && is_word_part(statement[at - 1])) continue;
    if (end < statement.size() && is_word_part(statement[end])) continue;
    adapted += statement.substr(copied, at - copied);
    adapted += more;
    copied = end;
  }
  return adapted + statement.substr(copied);
}

// The statement with its texts ordered as SQLite orders them, whatever the database's locale, and
// SQLite's words for types as PostgreSQL has them.
std::string in_own_words(const std::string& statement) {
  const std::string texts = replaced(statement, "TEXT", "TEXT COLLATE \"C\"");
  const std::string keys = replaced(texts, "INTEGER PRIMARY KEY", "BIGINT PRIMARY KEY");
  const std::string bytes = replaced(keys, "BLOB", "BYTEA");
  return replaced(bytes, " WITHOUT ROWID", "");
}

// "\\x0aff": as the server writes and reads bytes.
constexpr std::string_view kBytesMark = "\\x";

std::string from_hex(std::string_view text) {
  std::string bytes;
  text.remove_prefix(std::min(text.size(), kBytesMark.size()));
  bytes.reserve(text.size() / 2);
  for (; text.size() >= 2; text.remove_prefix(2)) {
    unsigned byte = 0;
    std::from_chars(text.data(), text.data() + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

class Row final : public SqlRow {
 public:
  explicit Row(const PostgresRow& row) : row_(row) {}
  bool is_null(int column) const override { return row_.is_null(column); }
  std::int64_t integer(int column) const override {
    const char* text = row_.text(column);
    std::int64_t value = 0;
    std::from_chars(text, text + std::strlen(text), value);
    return value;
  }
  std::string text(int column) const override { return row_.text(column); }
  std::string bytes(int column) const override { return from_hex(row_.text(column)); }

 private:
  const PostgresRow& row_;
};

PostgresDriver::Params to_params(std::span<const SqlValue> values) {
  PostgresDriver::Params params;
  params.reserve(values.size());
  for (const SqlValue& value : values) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      params.emplace_back(std::to_string(*number));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      params.emplace_back(*text);
    } else {
      params.emplace_back();
    }
  }
  return params;
}

void append_text(std::string& array, std::string_view text) {
  array += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

void append_bytes(std::string& array, std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  array += "\"\\\\x";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    array += kDigits[byte >> 4U];
    array += kDigits[byte & 15U];
  }
  array += '"';
}

void append_element(std::string& array, const SqlCell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    fmt::format_to(std::back_inserter(array), "{}", *number);
  } else if (const auto* text = std::get_if<std::string_view>(&cell)) {
    append_text(array, *text);
  } else if (const auto* bytes = std::get_if<SqlBytes>(&cell)) {
    append_bytes(array, bytes->bytes);
  } else {
    array += "NULL";
  }
}

// One column of rows of `width` cells as an array literal.
std::string array_of(std::span<const SqlCell> cells, std::size_t column, std::size_t width) {
  std::string array = "{";
  for (std::size_t at = column; at < cells.size(); at += width) {
    if (array.size() > 1) array += ',';
    append_element(array, cells[at]);
  }
  return array + "}";
}

const char* type_of(const SqlColumn& column) {
  if (column.is_bytes) return "bytea";
  return column.is_text ? "text" : "bigint";
}

std::string key_text(const SqlCell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  const auto* text = std::get_if<std::string_view>(&cell);
  return text == nullptr ? std::string() : std::string(*text);
}

// As many parameters as columns, however many rows.
std::string insert_statement(const SqlInsert& into) {
  std::string columns;
  std::string arrays;
  for (std::size_t i = 0; i < into.columns.size(); ++i) {
    const SqlColumn& column = into.columns[i];
    const char* comma = i == 0 ? "" : ", ";
    columns += comma + column.name;
    arrays += fmt::format("{}${}::{}[]", comma, i + 1, type_of(column));
  }
  return fmt::format("INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT {} RETURNING {}",
                     into.table, columns, arrays, into.on_conflict, into.columns.front().name);
}

}  // namespace

PostgresConnection::PostgresConnection(std::shared_ptr<PostgresServer> server, Options options)
    : server_(std::move(server)), options_(std::move(options)), begin_(begin_statement(options_)) {}

bool PostgresConnection::connect() {
  if (driver_) return false;
  std::unique_ptr<PostgresDriver> fresh = server_->connect();
  if (options_.ensure_schema) server_->with_schema(options_.ensure_schema);
  driver_ = std::move(fresh);
  return true;
}

SteadyTime PostgresConnection::deadline() const {
  if (in_transaction_) return transaction_ends_;
  return server_->clock().steady() + options_.timeout + std::min(options_.timeout, kMostSilence);
}

void PostgresConnection::fail(const PostgresError& error) {
  const std::string& state = error.state();
  std::string message = error.what();
  // After a server's first line comes the statement.
  if (!state.empty()) message = message.substr(0, message.find('\n'));
  message = server_->describe(message);
  if (about_the_data(state)) throw RecordRefused(message);
  driver_.reset();
  if (about_the_schema(state)) server_->doubt_schema();
  if (!about_the_connection(state)) throw StorageError(message);
  server_->doubt_schema();  // what comes back may be another one
  throw ConnectionLost(message);
}

std::int64_t PostgresConnection::watched(const std::string& sql,
                                         const PostgresDriver::Params& params,
                                         const PostgresDriver::OnRow& on_row) {
  const SocketDeadlines::Guard guard(server_->deadlines(), driver_->socket(), deadline());
  try {
    return driver_->execute(sql, params, on_row);
  } catch (const PostgresError&) {
    if (!guard.expired()) throw;
    throw PostgresError(fmt::format("no answer within {} ms", options_.timeout.count()),
                        "57014");  // as if the server had ended the statement
  }
}

std::int64_t PostgresConnection::run_once(const std::string& sql,
                                          const PostgresDriver::Params& params,
                                          const PostgresDriver::OnRow& on_row) {
  try {
    return watched(sql, params, on_row);
  } catch (const PostgresError& error) {
    fail(error);
  }
}

std::int64_t PostgresConnection::run(const std::string& sql, const PostgresDriver::Params& params,
                                     const PostgresDriver::OnRow& on_row) {
  if (!in_transaction_) {
    SqlTransaction alone(*this);
    const std::int64_t count = run(sql, params, on_row);
    alone.commit();
    return count;
  }
  if (!driver_) throw StorageError(server_->describe("the transaction was cut short"));
  return run_once(sql, params, on_row);
}

std::int64_t PostgresConnection::execute(const std::string& sql, std::span<const SqlValue> params) {
  return run(sql, to_params(params), ignore_rows);
}

void PostgresConnection::query(const std::string& sql, std::span<const SqlValue> params,
                               const std::function<void(const SqlRow&)>& on_row) {
  run(sql, to_params(params), [&](const PostgresRow& row) { on_row(Row(row)); });
}

std::vector<bool> PostgresConnection::insert_cells(const SqlInsert& into,
                                                   std::span<const SqlCell> cells) {
  const std::size_t width = into.columns.size();
  std::vector<bool> written(cells.size() / width, false);
  if (written.empty()) return written;
  PostgresDriver::Params params;
  for (std::size_t column = 0; column < width; ++column) {
    params.emplace_back(array_of(cells, column, width));
  }
  std::unordered_set<std::string> keys;
  run(insert_statement(into), params, [&](const PostgresRow& row) { keys.insert(row.text(0)); });
  for (std::size_t i = 0; i < written.size(); ++i) {
    written[i] = keys.erase(key_text(cells[i * width])) > 0;
  }
  return written;
}

void PostgresConnection::define(std::span<const std::string> statements) {
  std::string all;
  for (const std::string& statement : statements) all += in_own_words(statement) + ";\n";
  execute(all, {});
}

void PostgresConnection::notify(const std::string& channel) {
  run(fmt::format("NOTIFY {}", channel), {}, ignore_rows);
}

void PostgresConnection::begin() {
  const bool fresh = connect();
  try {
    run_once(begin_, {}, ignore_rows);
  } catch (const ConnectionLost&) {
    if (fresh) throw;
    connect();
    run_once(begin_, {}, ignore_rows);
  }
  transaction_ends_ = deadline();
  in_transaction_ = true;
}

void PostgresConnection::lock_schema() {
  run(kLockSchema, {}, ignore_rows);
}

void PostgresConnection::commit() {
  run("COMMIT", {}, ignore_rows);
  in_transaction_ = false;
}

void PostgresConnection::rollback() noexcept {
  try {
    if (driver_) run("ROLLBACK", {}, ignore_rows);
  } catch (const std::exception&) {
    // The connection is closed then, and the server rolls back.
  }
  in_transaction_ = false;
}

}  // namespace responses_proxy
