// What a database of registered providers must do, whichever it is. Run it on one with
//   REGISTRY_CONTRACT(Backend)
// where Backend is default-constructible and holds an empty database:
//   std::unique_ptr<RecordDatabase> open();   // the same database each time
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "storage/registry_store.h"

namespace responses_proxy::testing {

inline RegistryRow registry_row(RegistryKind kind, std::string id, std::string document = "{}") {
  return {kind, std::move(id), 0, at_second(1), at_second(2), std::move(document)};
}

inline RegistryEdit registry_edit(RegistryAction action, RegistryRow row) {
  return {action, std::move(row), R"({"fields":["name"]})"};
}

inline std::vector<std::string> registry_ids(const RegistryRows& all) {
  std::vector<std::string> ids;
  for (const RegistryRow& row : all.rows) {
    ids.push_back(std::string(to_string(row.kind)) + " " + row.id);
  }
  return ids;
}

template <class Backend>
void registry_rows_come_back() {
  Backend backend;
  const auto opened = backend.open();
  RegistryStore store(*opened->database);
  CHECK(store.version() == 0);
  CHECK(store.load() == RegistryRows{});
  const std::string document =
      "{\"name\":\"K\xC3\xA4se \\\" \\u0000\",\"long\":\"" + std::string(100'000, 'x') + "\"}";
  REQUIRE(store.apply(
      0,
      {registry_edit(RegistryAction::create,
                     registry_row(RegistryKind::alias, "kimi/k2", "{\"a\":1}")),
       registry_edit(RegistryAction::create,
                     registry_row(RegistryKind::provider, "zeta", document)),
       registry_edit(RegistryAction::create, registry_row(RegistryKind::provider, "Alpha"))},
      "admin", at_second(3)));
  const RegistryRows all = store.load();
  CHECK(all.version == 1);
  CHECK(store.version() == 1);
  CHECK(registry_ids(all) ==
        std::vector<std::string>{"provider Alpha", "provider zeta", "model kimi/k2"});
  CHECK(all.rows[1].document == document);
  CHECK(all.rows[1].revision == 1);
  CHECK(all.rows[1].created_at == at_second(1));
  CHECK(all.rows[1].updated_at == at_second(2));
  CHECK(RegistryStore(*backend.open()->database).load() == all);
}

template <class Backend>
void registry_changes_replace_and_remove() {
  Backend backend;
  const auto opened = backend.open();
  RegistryStore store(*opened->database);
  const auto put = [&](std::int64_t base, RegistryAction action, const char* id, const char* text) {
    return store.apply(base,
                       {registry_edit(action, registry_row(RegistryKind::provider, id, text))},
                       "admin", at_second(3));
  };
  REQUIRE(put(0, RegistryAction::create, "a", "1"));
  REQUIRE(put(1, RegistryAction::create, "b", "1"));
  REQUIRE(put(2, RegistryAction::update, "a", "2"));
  REQUIRE(put(3, RegistryAction::remove, "b", ""));
  RegistryRows all = store.load();
  REQUIRE(registry_ids(all) == std::vector<std::string>{"provider a"});
  CHECK(all.rows[0].document == "2");
  CHECK(all.rows[0].revision == 3);
  CHECK(all.version == 4);
  // An alias of the same name is another row.
  REQUIRE(store.apply(
      4, {registry_edit(RegistryAction::remove, registry_row(RegistryKind::alias, "a"))}, "admin",
      at_second(3)));
  CHECK(registry_ids(store.load()) == std::vector<std::string>{"provider a"});
}

template <class Backend>
void registry_change_over_an_old_version_writes_nothing() {
  Backend backend;
  const auto opened = backend.open();
  RegistryStore store(*opened->database);
  const std::vector<RegistryEdit> edits{
      registry_edit(RegistryAction::create, registry_row(RegistryKind::provider, "a"))};
  REQUIRE(store.apply(0, edits, "admin", at_second(3)));
  for (const std::int64_t stale : {0, 2, -1}) {
    CHECK_FALSE(store.apply(
        stale, {registry_edit(RegistryAction::remove, registry_row(RegistryKind::provider, "a"))},
        "admin", at_second(4)));
  }
  CHECK(registry_ids(store.load()) == std::vector<std::string>{"provider a"});
  CHECK(store.version() == 1);
  CHECK(store.audit(10).size() == 1);
}

template <class Backend>
void registry_audit_tells_who_what_and_when() {
  Backend backend;
  const auto opened = backend.open();
  RegistryStore store(*opened->database);
  REQUIRE(store.apply(
      0, {registry_edit(RegistryAction::create, registry_row(RegistryKind::provider, "a"))},
      "alice", at_second(3)));
  REQUIRE(store.apply(
      1,
      {registry_edit(RegistryAction::remove, registry_row(RegistryKind::alias, "a/b")),
       registry_edit(RegistryAction::remove, registry_row(RegistryKind::provider, "a"))},
      "bob", at_second(4)));
  const auto rows = store.audit(10);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].actor == "bob");
  CHECK(rows[0].action == "delete");
  CHECK(rows[0].kind == "provider");
  CHECK(rows[0].id == "a");
  CHECK(rows[0].version == 2);
  CHECK(rows[0].at == at_second(4));
  CHECK(rows[1].kind == "model");
  CHECK(rows[1].id == "a/b");
  CHECK(rows[2].actor == "alice");
  CHECK(rows[2].action == "create");
  CHECK(rows[2].details == R"({"fields":["name"]})");
  CHECK(store.audit(1).size() == 1);
}

// Each writer counts what it got through; a reader never sees half of a change.
template <class Backend>
void registry_changes_of_replicas_come_one_after_the_other() {
  constexpr int kWriters = 3;
  constexpr int kChanges = 10;
  Backend backend;
  const auto opened = backend.open();  // migrates
  std::atomic<int> done{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const auto replica = backend.open();
      RegistryStore store(*replica->database);
      for (int made = 0; made < kChanges;) {
        const auto id = std::to_string(writer) + "-" + std::to_string(made);
        const std::vector<RegistryEdit> both{
            registry_edit(RegistryAction::create, registry_row(RegistryKind::provider, id)),
            registry_edit(RegistryAction::create, registry_row(RegistryKind::alias, id))};
        try {
          if (store.apply(store.version(), both, "admin", at_second(3))) ++made;
        } catch (const StorageError&) {
          // Locked for too long: SQLite's writers do not queue.
        }
      }
      ++done;
    });
  }
  RegistryStore store(*opened->database);
  while (done < kWriters) {
    try {
      const RegistryRows all = store.load();
      CHECK(all.rows.size() == 2 * static_cast<std::size_t>(all.version));
    } catch (const StorageError&) {
      // A disk that is busy for longer than a reader waits.
    }
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(store.version() == kWriters * kChanges);
}

}  // namespace responses_proxy::testing

#define REGISTRY_CONTRACT(Backend)                                                           \
  TEST_CASE_TEMPLATE("registry: rows come back as they were written", T, Backend) {          \
    responses_proxy::testing::registry_rows_come_back<T>();                                  \
  }                                                                                          \
  TEST_CASE_TEMPLATE("registry: changes replace and remove rows", T, Backend) {              \
    responses_proxy::testing::registry_changes_replace_and_remove<T>();                      \
  }                                                                                          \
  TEST_CASE_TEMPLATE("registry: a change over an old version writes nothing", T, Backend) {  \
    responses_proxy::testing::registry_change_over_an_old_version_writes_nothing<T>();       \
  }                                                                                          \
  TEST_CASE_TEMPLATE("registry: the audit tells who, what and when", T, Backend) {           \
    responses_proxy::testing::registry_audit_tells_who_what_and_when<T>();                   \
  }                                                                                          \
  TEST_CASE_TEMPLATE("registry: changes of replicas come one after the other", T, Backend) { \
    responses_proxy::testing::registry_changes_of_replicas_come_one_after_the_other<T>();    \
  }                                                                                          \
  static_assert(true, "takes a semicolon")
