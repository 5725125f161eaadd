// What every Conversations must do. Run it on one with
//   CONVERSATIONS_CONTRACT(Backend)
// where Backend has
//   Conversations& conversations();
//   void settle();            // until what was asked for is done
//   void advance(Millis by);  // time passes
//   static constexpr Millis kIdle;  // after which what is unused is forgotten
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "responses_proxy/conversations.h"

namespace responses_proxy::testing {

using HistoryPointer = std::shared_ptr<const History>;

inline HistoryPointer turn_after(HistoryPointer before, std::string id, std::string input,
                                 std::string output) {
  std::string previous = before ? before->latest().id : std::string();
  return std::make_shared<const History>(
      StoredTurn{std::move(id), std::move(previous), std::move(input), std::move(output)},
      std::move(before));
}

template <class Backend>
class ConversationsChecks {
 public:
  HistoryPointer find(std::string_view id, std::string_view caller = "alice") {
    HistoryPointer history;
    int calls = 0;
    backend.conversations().find({id, caller}, [&](Result<HistoryPointer> found) {
      REQUIRE(found);
      history = std::move(*found);
      ++calls;
    });
    backend.settle();
    CHECK(calls == 1);
    return history;
  }
  HistoryPointer keep(HistoryPointer history, std::string_view caller = "alice") {
    int calls = 0;
    backend.conversations().keep(caller, history, [&calls](bool) { ++calls; });
    backend.settle();
    CHECK(calls == 1);
    return history;
  }
  std::string items(std::string_view id) {
    const HistoryPointer history = find(id);
    return history ? history->items() : "unknown";
  }

  void found_as_kept() {
    CHECK(find("resp_1") == nullptr);
    keep(turn_after(nullptr, "resp_1", R"({"a":1})", R"({"b":2},{"c":3})"));
    const HistoryPointer history = find("resp_1");
    REQUIRE(history != nullptr);
    CHECK(history->latest().id == "resp_1");
    CHECK(history->latest().previous.empty());
    CHECK(history->latest().input == R"({"a":1})");
    CHECK(history->latest().output == R"({"b":2},{"c":3})");
    CHECK(history->items() == R"({"a":1},{"b":2},{"c":3})");
    const std::string text = "\"" + std::string(100'000, 'x') + "é\"";
    keep(turn_after(nullptr, "resp_2", text, text));
    CHECK(items("resp_2") == text + "," + text);
    CHECK(find("resp_") == nullptr);
    CHECK(find("") == nullptr);
  }

  void nobody_elses() {
    keep(turn_after(nullptr, "resp_1", "1", "2"));
    CHECK(find("resp_1", "bob") == nullptr);
    CHECK(find("resp_1", "") == nullptr);
    CHECK(find("resp_1", "alice") != nullptr);
  }

  void continued_twice() {
    const HistoryPointer first = keep(turn_after(nullptr, "resp_1", "1", "2"));
    keep(turn_after(first, "resp_2", "3", "4"));
    keep(turn_after(find("resp_1"), "resp_3", "5", "6"));
    CHECK(items("resp_1") == "1,2");
    CHECK(items("resp_2") == "1,2,3,4");
    CHECK(items("resp_3") == "1,2,5,6");
  }

  // What a turn continues may have been kept elsewhere, or not at all.
  void begun_elsewhere() {
    const HistoryPointer elsewhere = turn_after(nullptr, "resp_1", "1", "2");
    keep(turn_after(elsewhere, "resp_2", "3", "4"));
    CHECK(items("resp_2") == "1,2,3,4");
    keep(turn_after(find("resp_2"), "resp_3", "5", ""));
    CHECK(items("resp_3") == "1,2,3,4,5");
  }

  void forgotten_alone() {
    const HistoryPointer first = keep(turn_after(nullptr, "resp_1", "1", "2"));
    keep(turn_after(first, "resp_2", "3", "4"));
    backend.conversations().forget({"resp_1", "bob"});
    backend.settle();
    CHECK(items("resp_1") == "1,2");
    backend.conversations().forget({"resp_1", "alice"});
    backend.conversations().forget({"resp_unknown", "alice"});
    backend.settle();
    CHECK(find("resp_1") == nullptr);
    CHECK(items("resp_2") == "1,2,3,4");
    backend.conversations().forget({"resp_2", "alice"});
    backend.settle();
    CHECK(find("resp_2") == nullptr);
  }

  void the_second_of_an_id() {
    const HistoryPointer first = keep(turn_after(nullptr, "resp_1", "1", "2"));
    keep(turn_after(first, "resp_1", "3", "4"));
    CHECK(items("resp_1") == "1,2,3,4");
    keep(turn_after(nullptr, "resp_1", "5", "6"));
    CHECK(items("resp_1") == "5,6");
  }

  // A thousand turns take a thousand turns' bytes, not their square.
  void long_chain() {
    HistoryPointer last;
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
      const std::string item = "{\"n\":" + std::to_string(i) + "}";
      last = keep(turn_after(last, "resp_" + std::to_string(i), item, item));
      expected += (i == 0 ? "" : ",") + item + "," + item;
    }
    last.reset();
    const HistoryPointer history = find("resp_999");
    REQUIRE(history != nullptr);
    CHECK(history->turns() == 1000);
    CHECK(history->items() == expected);
  }

  void unused_for_long() {
    keep(turn_after(nullptr, "resp_1", "1", "2"));
    keep(turn_after(nullptr, "resp_2", "1", "2"));
    backend.advance(Backend::kIdle * 2 / 3);
    CHECK(find("resp_1") != nullptr);
    backend.advance(Backend::kIdle * 2 / 3);
    CHECK(find("resp_1") != nullptr);
    CHECK(find("resp_2") == nullptr);
  }

  // It is as long as it may be with its first turn.
  void too_long() {
    const HistoryPointer first =
        keep(turn_after(nullptr, "resp_1", std::string(kMaxHistoryBytes - 1, ' '), "1"));
    keep(turn_after(first, "resp_2", "2", ""));
    CHECK(find("resp_1") != nullptr);
    CHECK(find("resp_2") == nullptr);
  }

  // `"store":false`, and what continues it, is for memory alone.
  void not_to_be_stored() {
    const HistoryPointer hidden =
        std::make_shared<const History>(StoredTurn{"resp_1", "", "1", "2", false}, nullptr);
    keep(hidden);
    keep(turn_after(hidden, "resp_2", "3", "4"));
    CHECK(find("resp_1") == nullptr);
    CHECK(find("resp_2") == nullptr);
  }

  Backend backend;
};

}  // namespace responses_proxy::testing

#define CONVERSATIONS_CHECKS                                       \
  SUBCASE("what was kept is found, and nothing else") {            \
    checks.found_as_kept();                                        \
  }                                                                \
  SUBCASE("by nobody else") {                                      \
    checks.nobody_elses();                                         \
  }                                                                \
  SUBCASE("a response can be continued twice") {                   \
    checks.continued_twice();                                      \
  }                                                                \
  SUBCASE("a conversation may have begun elsewhere") {             \
    checks.begun_elsewhere();                                      \
  }                                                                \
  SUBCASE("what is forgotten is still behind what continues it") { \
    checks.forgotten_alone();                                      \
  }                                                                \
  SUBCASE("an id that comes twice means the second") {             \
    checks.the_second_of_an_id();                                  \
  }                                                                \
  SUBCASE("a thousand turns in a row") {                           \
    checks.long_chain();                                           \
  }                                                                \
  SUBCASE("what is too long is not kept") {                        \
    checks.too_long();                                             \
  }                                                                \
  SUBCASE("what is unused for long is forgotten") {                \
    checks.unused_for_long();                                      \
  }

#define CONVERSATIONS_CONTRACT(Backend)                            \
  TEST_CASE("conversations: " #Backend) {                          \
    responses_proxy::testing::ConversationsChecks<Backend> checks; \
    CONVERSATIONS_CHECKS                                           \
  }

// For one that outlives the process; settle() leaves only what does.
#define STORED_CONVERSATIONS_CONTRACT(Backend)                     \
  TEST_CASE("conversations: " #Backend) {                          \
    responses_proxy::testing::ConversationsChecks<Backend> checks; \
    CONVERSATIONS_CHECKS                                           \
    SUBCASE("what is not to be stored is not in the database") {   \
      checks.not_to_be_stored();                                   \
    }                                                              \
  }
