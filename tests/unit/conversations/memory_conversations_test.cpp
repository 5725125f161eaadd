#include "conversations/memory_conversations.h"

#include <doctest/doctest.h>

#include <string>

#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

using testing::ManualClock;

std::shared_ptr<const History> turn(std::string id, std::string items,
                                    std::shared_ptr<const History> before = nullptr) {
  return std::make_shared<const History>(
      StoredTurn{std::move(id), before ? before->latest().id : "", std::move(items), ""}, before);
}

struct Small {
  explicit Small(ConversationLimits limits) : memory(clock, limits) {}
  bool knows(std::string_view id) const { return memory.peek({id, ""}) != nullptr; }
  std::shared_ptr<const History> keep(std::shared_ptr<const History> history) {
    memory.keep("", history, {});
    return history;
  }

  ManualClock clock;
  MemoryConversations memory;
};

}  // namespace

TEST_CASE("of too many responses those unused for longest are forgotten") {
  Small small({.max_responses = 2});
  small.keep(turn("a", "1"));
  small.keep(turn("b", "1"));
  small.memory.find({"a", ""}, [](auto) {});
  small.keep(turn("c", "1"));
  CHECK(small.knows("a"));
  CHECK_FALSE(small.knows("b"));
  CHECK(small.knows("c"));
  CHECK(small.memory.stats().responses == 2);
  CHECK(small.memory.stats().bytes == 2);
}

TEST_CASE("looking is no use") {
  Small small({.max_responses = 2});
  small.keep(turn("a", "1"));
  small.keep(turn("b", "1"));
  small.memory.peek({"a", ""});
  small.keep(turn("c", "1"));
  CHECK_FALSE(small.knows("a"));
}

TEST_CASE("bytes are those of all items in here, each once, and never over the limit") {
  Small small({.max_bytes = 10});
  const auto first = small.keep(turn("a", "12345"));
  small.keep(turn("b", "123", first));
  CHECK(small.memory.stats().bytes == 8);
  small.keep(turn("c", "12", first));
  CHECK(small.memory.stats().bytes == 10);
  small.keep(turn("d", "1"));  // a goes, but b and c still hold its items; so b goes as well
  CHECK_FALSE(small.knows("a"));
  CHECK_FALSE(small.knows("b"));
  CHECK(small.knows("c"));
  CHECK(small.memory.stats().bytes == 8);
  small.memory.forget({"c", ""});
  CHECK(small.memory.stats().bytes == 1);
}

TEST_CASE("a thousand turns are no heavier than their items") {
  Small small({});
  std::shared_ptr<const History> last;
  for (int i = 0; i < 1000; ++i) last = small.keep(turn(std::to_string(i), "12345", last));
  CHECK(small.memory.stats().bytes == 5000);
}

TEST_CASE("a conversation that began elsewhere counts whole") {
  Small small({.max_bytes = 10});
  small.keep(turn("b", "123", turn("a", "12345")));
  CHECK(small.memory.stats().bytes == 8);
}

TEST_CASE("a conversation that is too long is not kept, and nothing is forgotten for it") {
  Small small({.max_conversation_bytes = 10});
  const auto first = small.keep(turn("a", "12345"));
  bool done = false;
  small.memory.keep("", turn("b", "123456", first), [&done](bool) { done = true; });
  CHECK(done);
  CHECK_FALSE(small.knows("b"));
  CHECK(small.knows("a"));
}

TEST_CASE("with no room at all nothing is kept but what has no bytes") {
  Small small({.max_bytes = 0, .max_conversation_bytes = 0});
  small.keep(turn("a", "1"));
  small.keep(turn("b", ""));
  CHECK_FALSE(small.knows("a"));
  CHECK(small.knows("b"));
}

TEST_CASE("whatever happens, nothing is left when all is forgotten") {
  Small small({.max_responses = 20, .max_bytes = 200, .max_conversation_bytes = 150});
  unsigned step = 7;
  std::shared_ptr<const History> known[4];
  for (int i = 0; i < 3000; ++i) {
    step = step * 1103515245U + 12345U;
    auto& last = known[(step >> 16) % 4];
    const std::string id = "resp_" + std::to_string((step >> 12) % 40);
    if ((step >> 8) % 5 == 0) {
      small.memory.forget({id, ""});
    } else {
      last = small.keep(
          turn(id, std::string((step >> 20) % 30, 'x'), (step >> 8) % 2 == 0 ? nullptr : last));
    }
    REQUIRE(small.memory.stats().bytes <= 200);
    REQUIRE(small.memory.stats().responses <= 20);
  }
  for (int i = 0; i < 40; ++i) small.memory.forget({"resp_" + std::to_string(i), ""});
  CHECK(small.memory.stats().bytes == 0);
  CHECK(small.memory.stats().responses == 0);
}

}  // namespace responses_proxy
