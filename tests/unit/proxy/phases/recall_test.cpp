#include "proxy/phases/recall.h"

#include <doctest/doctest.h>

#include "proxy/phases/route.h"
#include "responses_proxy/response_index.h"
#include "unit/proxy/exchange_rig.h"
#include "unit/proxy/phases/run_task.h"

namespace responses_proxy {

namespace {

using testing::ExchangeRig;
using testing::run_task;

// An exchange that has come as far as its recall.
std::shared_ptr<ExchangeContext> routed(ExchangeRig& rig) {
  auto exchange = rig.context("");
  REQUIRE_FALSE(phases::route(*exchange));
  return exchange;
}

void remember(ExchangeRig& rig, AffinityKind kind, std::string_view id, std::string_view resource) {
  rig.state.remember_affinity({kind, id}, resource, {});
}

}  // namespace

TEST_CASE("what a request names goes before what its input refers to, and that before a session") {
  ExchangeRig rig({"sk-first-key", "sk-second-key", "sk-third-key"});
  remember(rig, AffinityKind::response, "resp_1", "openai-1");
  remember(rig, AffinityKind::item, "item_2", "openai-2");
  remember(rig, AffinityKind::session, "s", "openai-3");
  const auto exchange = routed(rig);
  exchange->facts.previous_response_id = "resp_1";
  exchange->facts.item_references = {"item_unknown", "item_2"};
  exchange->facts.session_id = "s";
  CHECK(run_task(phases::recall(*exchange))->has_value());
  CHECK(exchange->affinity.required == "openai-1");
  CHECK(exchange->affinity.preferred.empty());
  exchange->affinity = {};
  exchange->facts.previous_response_id = "resp_unknown";
  run_task(phases::recall(*exchange));
  CHECK(exchange->affinity.required == "openai-2");
  exchange->affinity = {};
  exchange->facts.item_references.clear();
  run_task(phases::recall(*exchange));
  CHECK(exchange->affinity.required.empty());
  CHECK(exchange->affinity.preferred == "openai-3");
  CHECK(exchange->affinity.preferred_reason == SelectionReason::session_affinity);
}

TEST_CASE("a response that is only compared with is preferred, before the session") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  remember(rig, AffinityKind::response, "resp_1", "openai-1");
  remember(rig, AffinityKind::session, "s", "openai-2");
  const auto exchange = routed(rig);
  exchange->facts.comparison_response_id = "resp_1";
  exchange->facts.session_id = "s";
  run_task(phases::recall(*exchange));
  CHECK(exchange->affinity.required.empty());
  CHECK(exchange->affinity.preferred == "openai-1");
  CHECK(exchange->affinity.preferred_reason == SelectionReason::response_affinity);
}

TEST_CASE(
    "a conversation that is known here can go anywhere; one its resource keeps is not asked for") {
  const std::string id = "resp_0123456789abcdef0123456789abcdef";  // made by this proxy
  ExchangeRig rig({"sk-first-key"});
  rig.conversations->keep(
      "alice", std::make_shared<const History>(StoredTurn{id, "", "1", "2"}, nullptr), {});
  const auto exchange = routed(rig);
  exchange->facts.previous_response_id = id;
  run_task(phases::recall(*exchange));
  CHECK_FALSE(exchange->history);  // somebody else's
  exchange->caller = "alice";
  run_task(phases::recall(*exchange));
  REQUIRE(exchange->history);
  CHECK(exchange->history->items() == "1,2");
  remember(rig, AffinityKind::response, id, "openai-1");
  exchange->history.reset();
  run_task(phases::recall(*exchange));
  CHECK_FALSE(exchange->history);
  CHECK(exchange->pinned());
  rig.config.resources[0].wire_api = "telegraph";
  rig.router.update(rig.config.resources);
  REQUIRE_FALSE(phases::route(*exchange));
  run_task(phases::recall(*exchange));
  CHECK(exchange->history);
  CHECK(exchange->affinity.required == "openai-1");
  CHECK_FALSE(exchange->pinned());
}

TEST_CASE("a response of upstreams that keep theirs is not asked for here") {
  ExchangeRig rig({"sk-first-key"});
  for (const char* id : {"resp_1", "resp_0123456789abcdef0123456789abcdef"}) {
    rig.conversations->keep(
        "", std::make_shared<const History>(StoredTurn{id, "", "1", "2"}, nullptr), {});
  }
  const auto exchange = routed(rig);
  exchange->facts.previous_response_id = "resp_1";  // known, and yet not looked up
  run_task(phases::recall(*exchange));
  CHECK_FALSE(exchange->history);
  exchange->facts.previous_response_id = "resp_0123456789abcdef0123456789abcdef";
  run_task(phases::recall(*exchange));
  CHECK(exchange->history);
  exchange->history.reset();
  rig.config.resources[0].wire_api = "telegraph";
  rig.router.update(rig.config.resources);
  REQUIRE_FALSE(phases::route(*exchange));
  exchange->facts.previous_response_id = "resp_1";
  run_task(phases::recall(*exchange));
  CHECK(exchange->history);
}

TEST_CASE("why a response that is kept cannot be continued") {
  const std::string id = "resp_0123456789abcdef0123456789abcdef";
  ExchangeRig rig({"sk-first-key"});
  const auto exchange = routed(rig);
  exchange->facts.previous_response_id = id;
  const auto recalled = [&] { return **run_task(phases::recall(*exchange)); };
  CHECK_FALSE(recalled());  // nobody knows it: the upstream may
  KeptResponse kept;
  kept.id = id;
  kept.open = true;
  rig.kept_responses->keep("", kept, {});
  REQUIRE(recalled());
  CHECK(recalled()->code == "response_not_completed");
  kept.open = false;
  rig.kept_responses->keep("", kept, {});
  CHECK(recalled()->code == "conversation_not_continuable");
  CHECK(recalled()->message.find("32 MiB or 10000 turns") != std::string::npos);
  CHECK(recalled()->param == "previous_response_id");
}

TEST_CASE("a look-up that fails is the proxy's trouble: 503, and nothing is sent") {
  struct Late final : Conversations {
    void find(const ConversationKey&, Found found) override {
      Error error = Error::unavailable(503, "response_store_unavailable", "It is late.");
      error.retry_after = Millis(1'000);
      found(std::move(error));
    }
    void keep(std::string_view, std::shared_ptr<const History>, Done) override {}
    void forget(const ConversationKey&) override {}
  } late;
  ExchangeRig rig({"sk-first-key"});
  rig.use_conversations(late);
  const auto client =
      rig.post(R"({"model":"m","previous_response_id":"resp_0123456789abcdef0123456789abcdef"})");
  CHECK(client->head->status == 503);
  CHECK(client->head->headers.get("retry-after") == "1");
  CHECK(client->body.find("response_store_unavailable") != std::string::npos);
  CHECK(rig.upstream.count() == 0);
  CHECK(rig.record().blame == Blame::proxy);
}

TEST_CASE("the records are asked about what live state does not know, and it learns it") {
  struct Index final : ResponseIndex {
    void find(EventLoop&, std::string response_id, Found found) override {
      asked = std::move(response_id);
      answer = std::move(found);
    }
    std::string asked;
    Found answer;
  } index;
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  rig.use_index(index);
  const auto exchange = routed(rig);
  exchange->facts.previous_response_id = "resp_1";
  const auto ended = run_task(phases::recall(*exchange));
  CHECK_FALSE(ended->has_value());
  CHECK(index.asked == "resp_1");
  index.answer("openai-2");
  CHECK(ended->has_value());
  CHECK(exchange->affinity.required == "openai-2");
  std::optional<std::string> known;
  rig.state.find_affinity({AffinityKind::response, "resp_1"}, [&](auto found) { known = found; });
  CHECK(known == "openai-2");
}

TEST_CASE("a resource that was called by its position is forgotten, one that is gone is not") {
  ExchangeRig rig({"sk-first-key"});
  remember(rig, AffinityKind::response, "resp_1", "openai-7");
  remember(rig, AffinityKind::response, "resp_2", "openai-0a1b2c3d");
  const auto exchange = routed(rig);
  exchange->facts.previous_response_id = "resp_1";
  run_task(phases::recall(*exchange));
  CHECK(exchange->affinity.required.empty());
  exchange->facts.previous_response_id = "resp_2";
  run_task(phases::recall(*exchange));
  CHECK(exchange->affinity.required == "openai-0a1b2c3d");
}

}  // namespace responses_proxy
