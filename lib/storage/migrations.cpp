#include "storage/migrations.h"

#include <fmt/format.h>

#include <array>

#include "storage/schema_steps.h"

namespace responses_proxy {

namespace {

std::int64_t version_of(SqlConnection& connection) {
  std::int64_t version = 0;
  connection.query("SELECT COALESCE(MAX(version), 0) FROM schema_migrations", {},
                   [&](const SqlRow& row) { version = row.integer(0); });
  return version;
}

// 0 = a database without our tables, or one that fails: that comes up again when it is written.
// Reads only, so that a database without changes to make opens while another process locks it.
std::int64_t version_if_any(SqlConnection& connection) {
  try {
    return version_of(connection);
  } catch (const StorageError&) {
    return 0;
  }
}

std::int64_t last_of(std::span<const Migration> steps) {
  return steps.empty() ? 0 : steps.back().version;
}

void refuse_newer(std::int64_t found, std::int64_t last) {
  if (found <= last) return;
  throw SchemaTooNew(
      fmt::format("The database has schema version {}, this program knows versions up to {}. "
                  "Use the program that wrote it, or a newer one.",
                  found, last));
}

}  // namespace

std::span<const Migration> migrations() {
  static const std::array<Migration, 11> all{
      initial_schema(),     captured_bodies(), what_was_asked(), callers_and_usage(),
      registry(),           conversations(),   kept_responses(), usage_sums(),
      kept_conversations(), narrow_records(),  narrow_sums()};
  return all;
}

void check_schema(SqlConnection& connection, std::span<const Migration> steps) {
  refuse_newer(version_if_any(connection), last_of(steps));
}

void check_readable(SqlConnection& connection, const std::string& sql) {
  connection.query(sql, {}, [](const SqlRow&) {});
  check_schema(connection);
}

void migrate(SqlConnection& connection, std::span<const Migration> steps) {
  const std::int64_t last = last_of(steps);
  if (last > 0 && version_if_any(connection) == last) return;
  SqlTransaction transaction(connection);
  connection.lock_schema();
  const std::string versions =
      "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY)";
  connection.define({&versions, 1});
  const std::int64_t found = version_of(connection);
  refuse_newer(found, last);
  for (const Migration& step : steps) {
    if (step.version <= found) continue;
    connection.define(step.statements);
    if (connection.undoes_by_pages()) connection.define(step.if_undone_by_pages);
    const SqlValue version = step.version;
    connection.execute("INSERT INTO schema_migrations (version) VALUES ($1)", {&version, 1});
  }
  transaction.commit();
}

}  // namespace responses_proxy
