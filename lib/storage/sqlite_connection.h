// SqliteConnection: SqlConnection over SQLiteCpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <unordered_map>

#include "storage/sql_connection.h"

namespace responses_proxy {

class SqliteConnection final : public SqlConnection {
 public:
  enum class Mode : std::uint8_t { read, write };

  // Mode::write creates the file (readable by its owner only) and its folder.
  SqliteConnection(const std::string& path, Mode mode);

  std::int64_t execute(const std::string& sql, std::span<const SqlValue> params) override;
  void query(const std::string& sql, std::span<const SqlValue> params,
             const std::function<void(const SqlRow&)>& on_row) override;
  void begin() override;
  void commit() override;
  void rollback() noexcept override;

 private:
  static constexpr std::size_t kMaxStatements = 64;

  // The prepared statement, from the cache after its first use.
  SQLite::Statement& statement(const std::string& sql);

  const std::string name_;  // for error texts
  SQLite::Database database_;
  std::unordered_map<std::string, SQLite::Statement> statements_;
};

}  // namespace responses_proxy
