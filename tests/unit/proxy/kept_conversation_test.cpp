#include "proxy/kept_conversation.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "proxy/phases/route.h"
#include "unit/proxy/exchange_rig.h"
#include "unit/proxy/phases/run_task.h"

namespace responses_proxy {

namespace {

using testing::ExchangeRig;
using testing::run_task;
using Pointer = std::shared_ptr<const History>;

// Keeps what it is given, and says of it what it is told to say.
struct Doubtful final : Conversations {
  explicit Doubtful(Conversations& behind) : conversations(behind) {}
  void find(const ConversationKey& key, Found found) override {
    conversations.find(key, std::move(found));
  }
  void keep(std::string_view caller, Pointer history, Done done) override {
    kept.push_back(history->stored());
    conversations.keep(caller, std::move(history), {});
    if (done) done(others_can);
  }
  void forget(const ConversationKey& key) override { conversations.forget(key); }

  Conversations& conversations;
  bool others_can = true;
  std::vector<bool> kept;  // whether each was to be stored
};

struct Rig {
  Rig() {
    rig.use_conversations(doubtful);
    exchange = rig.context("");
    REQUIRE_FALSE(phases::route(*exchange));
  }
  OpenConversation begin() {
    auto begun = *run_task(begin_conversation(
        *exchange, {"conv_1", "{}", {}},
        std::make_shared<const History>(StoredTurn{"resp_0", {}, "1", {}}, nullptr)));
    REQUIRE(begun->ok());
    return **begun;
  }
  Result<OpenConversation> add(OpenConversation to, const std::string& id) {
    return **run_task(change_conversation(*exchange, std::move(to),
                                          [id](const OpenConversation& now) -> Result<Pointer> {
                                            return turn_in(now, {id, {}, "2", "3"});
                                          }));
  }
  std::string head() {
    const auto found = *run_task(open_conversation(*exchange, "conv_1"));
    return *found ? (*found)->kept.head : "none";
  }

  ExchangeRig rig{{"sk-first-key"}};
  Doubtful doubtful{*rig.conversations};
  std::shared_ptr<ExchangeContext> exchange;
};

}  // namespace

TEST_CASE("a conversation moves on to what everybody can find, and to nothing else") {
  Rig r;
  const OpenConversation begun = r.begin();
  const auto added = r.add(begun, "resp_1");
  REQUIRE(added);
  CHECK(added->history->items() == "1,2,3");
  CHECK(r.head() == "resp_1");
  r.doubtful.others_can = false;
  const auto refused = r.add(*added, "resp_2");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == 503);
  CHECK(r.head() == "resp_1");
}

TEST_CASE("whoever is second adds to what the first has added") {
  Rig r;
  const OpenConversation begun = r.begin();
  REQUIRE(r.add(begun, "resp_1"));
  const auto second = r.add(begun, "resp_2");
  REQUIRE(second);
  CHECK(second->history->items() == "1,2,3,2,3");
  CHECK(second->history->latest().previous == "resp_1");
  CHECK(r.head() == "resp_2");
}

TEST_CASE("a conversation whose turns are gone is not there, and a full one says so") {
  Rig r;
  const OpenConversation begun = r.begin();
  const auto full = *run_task(
      change_conversation(*r.exchange, begun, [](const OpenConversation& now) -> Result<Pointer> {
        return turn_in(now, {"resp_1", {}, std::string(kMaxHistoryBytes, ' '), {}});
      }));
  REQUIRE_FALSE(*full);
  CHECK(full->error().code == "conversation_too_long");
  CHECK(r.head() == "resp_0");
  r.rig.conversations->forget({"resp_0", ""});
  CHECK(r.head() == "none");
  const auto gone = *run_task(open_conversation(*r.exchange, "conv_1"));
  CHECK(gone->error().status == 404);
}

}  // namespace responses_proxy
