#include "storage/registry_store.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

constexpr std::array kKinds{RegistryKind::provider, RegistryKind::alias};

// Somebody was faster: what was begun is undone.
struct Outdated {};

const char* table_of(RegistryKind kind) {
  return kind == RegistryKind::provider ? "registry_providers" : "registry_aliases";
}

std::int64_t version_in(SqlConnection& connection) {
  std::int64_t version = 0;
  connection.query("SELECT version FROM registry_version WHERE id = 1", {},
                   [&](const SqlRow& row) { version = row.integer(0); });
  return version;
}

RegistryRows rows_in(SqlConnection& connection) {
  RegistryRows all{version_in(connection), {}};
  for (const RegistryKind kind : kKinds) {
    connection.query(
        fmt::format("SELECT id, revision, created_at, updated_at, document FROM {} ORDER BY id",
                    table_of(kind)),
        {}, [&](const SqlRow& row) {
          all.rows.push_back({kind, row.text(0), row.integer(1), from_micros(row.integer(2)),
                              from_micros(row.integer(3)), row.text(4)});
        });
  }
  return all;
}

// Every other change waits here until this one is committed, and then finds another version.
void claim(SqlConnection& connection, std::int64_t base_version) {
  const SqlValue base = base_version;
  const auto changed = connection.execute(
      "UPDATE registry_version SET version = version + 1 WHERE id = 1 AND version = $1",
      {&base, 1});
  if (changed == 0) throw Outdated{};
}

void write_row(SqlConnection& connection, const RegistryRow& row, std::int64_t version) {
  const SqlInsert upsert{
      table_of(row.kind),
      {{"id", true},
       {"revision", false},
       {"created_at", false},
       {"updated_at", false},
       {"document", true}},
      "(id) DO UPDATE SET revision = excluded.revision, created_at = excluded.created_at, "
      "updated_at = excluded.updated_at, document = excluded.document"};
  const SqlValues values{to_sql(row.id), version, to_sql(row.created_at), to_sql(row.updated_at),
                         whole_text(row.document)};
  connection.insert(upsert, {&values, 1});
}

void remove_row(SqlConnection& connection, const RegistryRow& row) {
  const SqlValue id = to_sql(row.id);
  connection.execute(fmt::format("DELETE FROM {} WHERE id = $1", table_of(row.kind)), {&id, 1});
}

void write_audit(SqlConnection& connection, const std::vector<RegistryEdit>& edits,
                 const std::string& actor, WallTime at, std::int64_t version) {
  const SqlInsert insert{"registry_audit",
                         {{"version", false},
                          {"position", false},
                          {"changed_at", false},
                          {"actor", true},
                          {"action", true},
                          {"kind", true},
                          {"record_id", true},
                          {"details", true}},
                         "DO NOTHING"};
  std::vector<SqlValues> rows;
  rows.reserve(edits.size());
  for (const RegistryEdit& edit : edits) {
    rows.push_back({version, static_cast<std::int64_t>(rows.size()), to_sql(at), to_sql(actor),
                    std::string(to_string(edit.action)), std::string(to_string(edit.row.kind)),
                    to_sql(edit.row.id), whole_text(edit.details)});
  }
  connection.insert(insert, rows);
}

}  // namespace

std::string_view to_string(RegistryKind kind) {
  return kind == RegistryKind::provider ? "provider" : "model";
}

std::string_view to_string(RegistryAction action) {
  switch (action) {
    case RegistryAction::create:
      return "create";
    case RegistryAction::update:
      return "update";
    case RegistryAction::remove:
      break;
  }
  return "delete";
}

std::int64_t RegistryStore::version() {
  return database_.look_up([](SqlConnection& connection) { return version_in(connection); });
}

// No transaction around the reads: a version that is the same before and after them says as much.
RegistryRows RegistryStore::load() {
  constexpr int kTries = 8;
  return database_.read([](SqlConnection& connection) {
    for (int left = kTries; left > 0; --left) {
      RegistryRows all = rows_in(connection);
      if (version_in(connection) == all.version) return all;
    }
    throw StorageError("The registry changes faster than it can be read.");
  });
}

bool RegistryStore::apply(std::int64_t base_version, const std::vector<RegistryEdit>& edits,
                          const std::string& actor, WallTime at) {
  try {
    database_.write([&](SqlConnection& connection) {
      claim(connection, base_version);
      for (const RegistryEdit& edit : edits) {
        if (edit.action == RegistryAction::remove) {
          remove_row(connection, edit.row);
        } else {
          write_row(connection, edit.row, base_version + 1);
        }
      }
      write_audit(connection, edits, actor, at, base_version + 1);
      connection.notify(kChannel);
    });
  } catch (const Outdated&) {
    return false;
  }
  return true;
}

std::vector<RegistryAudit> RegistryStore::audit(std::size_t limit) {
  std::vector<RegistryAudit> rows;
  const SqlValue most = static_cast<std::int64_t>(limit);
  database_.read([&](SqlConnection& connection) {
    connection.query(
        "SELECT version, changed_at, actor, action, kind, record_id, details FROM registry_audit "
        "ORDER BY version DESC, position DESC LIMIT $1",
        {&most, 1}, [&](const SqlRow& row) {
          rows.push_back({row.integer(0), from_micros(row.integer(1)), row.text(2), row.text(3),
                          row.text(4), row.text(5), row.text(6)});
        });
  });
  return rows;
}

}  // namespace responses_proxy
