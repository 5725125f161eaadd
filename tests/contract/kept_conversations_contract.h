// What every KeptConversations must do. Run it on one with
//   KEPT_CONVERSATIONS_CONTRACT(Backend)
// where Backend has
//   KeptConversations& kept_conversations();
//   void advance(Millis by);  // time passes
//   static constexpr Millis kIdle;  // after which what is unused is forgotten
// Every call has its answer when it returns.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

#include "contract/told.h"
#include "responses_proxy/kept_conversations.h"

namespace responses_proxy::testing {

template <class Backend>
class KeptConversationsChecks {
 public:
  std::optional<KeptConversation> find(std::string_view id, std::string_view caller = "alice") {
    return told<std::optional<KeptConversation>>([&](auto done) {
      backend.kept_conversations().find({id, caller}, done);
    });
  }
  bool keep(KeptConversation conversation) {
    return told<bool>([&](auto done) {
      backend.kept_conversations().keep("alice", std::move(conversation), done);
    });
  }
  bool update(KeptConversation conversation, std::string_view caller = "alice") {
    return told<bool>([&](auto done) {
      backend.kept_conversations().update(caller, std::move(conversation), done);
    });
  }
  bool forget(std::string_view id, std::string_view caller = "alice") {
    return told<bool>([&](auto done) { backend.kept_conversations().forget({id, caller}, done); });
  }

  void found_as_kept() {
    CHECK_FALSE(find("conv_1"));
    CHECK(keep({"conv_1", R"({"a":"é)" + std::string(5'000, 'x') + "\"}", "resp_1"}));
    const auto found = find("conv_1");
    REQUIRE(found);
    CHECK(found->id == "conv_1");
    CHECK(found->document == R"({"a":"é)" + std::string(5'000, 'x') + "\"}");
    CHECK(found->head == "resp_1");
    CHECK_FALSE(find("conv_1", "bob"));
    CHECK_FALSE(find(""));
  }

  // Of two that have seen the same, one hears of the other.
  void changed_by_one_at_a_time() {
    CHECK_FALSE(update({"conv_1", "1", "resp_1"}));
    CHECK_FALSE(find("conv_1"));
    keep({"conv_1", "1", "resp_1"});
    KeptConversation first = *find("conv_1");
    KeptConversation second = first;
    first.head = "resp_2";
    second.head = "resp_3";
    CHECK_FALSE(update(first, "bob"));
    CHECK(update(first));
    CHECK_FALSE(update(second));
    CHECK(find("conv_1")->head == "resp_2");
    second.version = find("conv_1")->version;
    second.document = "2";
    CHECK(update(second));
    CHECK(find("conv_1")->head == "resp_3");
    CHECK(find("conv_1")->document == "2");
    CHECK_FALSE(update(first));
  }

  void forgotten() {
    keep({"conv_1", "1", "resp_1"});
    CHECK_FALSE(forget("conv_1", "bob"));
    CHECK(forget("conv_1"));
    CHECK_FALSE(forget("conv_1"));
    CHECK_FALSE(find("conv_1"));
    CHECK_FALSE(update({"conv_1", "1", "resp_2"}));
  }

  void too_large() {
    const std::string large(kMaxConversationDocument + 1, ' ');
    CHECK_FALSE(keep({"conv_1", large, "resp_1"}));
    CHECK_FALSE(find("conv_1"));
    keep({"conv_1", "1", "resp_1"});
    CHECK_FALSE(update({"conv_1", large, "resp_1", find("conv_1")->version}));
    CHECK(find("conv_1")->document == "1");
  }

  void unused_for_long() {
    keep({"conv_1", "1", "resp_1"});
    keep({"conv_2", "1", "resp_1"});
    keep({"conv_3", "1", "resp_1"});
    backend.advance(Backend::kIdle * 2 / 3);
    CHECK(find("conv_1"));
    CHECK(update({"conv_3", "1", "resp_2", 0}));
    backend.advance(Backend::kIdle * 2 / 3);
    CHECK(find("conv_1"));
    CHECK_FALSE(find("conv_2"));
    CHECK(find("conv_3"));
  }

  Backend backend;
};

}  // namespace responses_proxy::testing

#define KEPT_CONVERSATIONS_CONTRACT(Backend)                           \
  TEST_CASE("kept conversations: " #Backend) {                         \
    responses_proxy::testing::KeptConversationsChecks<Backend> checks; \
    SUBCASE("what was kept is found, by nobody else") {                \
      checks.found_as_kept();                                          \
    }                                                                  \
    SUBCASE("of two that change it at once one is told") {             \
      checks.changed_by_one_at_a_time();                               \
    }                                                                  \
    SUBCASE("what was forgotten does not come back") {                 \
      checks.forgotten();                                              \
    }                                                                  \
    SUBCASE("what is too large is not kept") {                         \
      checks.too_large();                                              \
    }                                                                  \
    SUBCASE("what is unused for long is forgotten") {                  \
      checks.unused_for_long();                                        \
    }                                                                  \
  }
