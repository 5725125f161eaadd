#include "proxy/phases/remember.h"

#include <doctest/doctest.h>

#include "unit/proxy/phases/attempt_of.h"

namespace responses_proxy {

using namespace testing;

namespace {

std::string who_knows(ExchangeRig& rig, AffinityKind kind, std::string_view id) {
  std::string known;
  rig.state.find_affinity({kind, id}, [&](auto found) { known = found.value_or(""); });
  return known;
}

}  // namespace

TEST_CASE("a session sticks where it is served, and what nobody remembered is known there") {
  ExchangeRig rig({"sk-first-key"});
  const auto exchange = sent_exchange(rig);
  exchange->facts.session_id = "s";
  exchange->facts.conversation_id = "conv_1";
  exchange->facts.item_references = {"item_1"};
  phases::remember_resource(*exchange);
  CHECK(who_knows(rig, AffinityKind::session, "s") == "openai-1");
  CHECK(who_knows(rig, AffinityKind::response, "conv_1") == "openai-1");
  CHECK(who_knows(rig, AffinityKind::item, "item_1") == "openai-1");
}

TEST_CASE("the ids of an answer are counted until others can find them") {
  ExchangeRig rig({"sk-first-key"});
  rig.state.late = true;
  const auto exchange = sent_exchange(rig);
  rig.upstream.last().stream();
  rig.upstream.last().bytes(
      "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n");
  phases::remember_answer(*exchange);
  phases::remember_answer(*exchange);  // known by now
  CHECK(exchange->remembered.open == 1);
  CHECK(exchange->record.response_id == "resp_1");
  rig.upstream.last().bytes(
      "data: {\"type\":\"response.output_item.done\",\"item\":{\"id\":\"item_1\"}}\n\n");
  phases::remember_answer(*exchange);
  CHECK(exchange->remembered.open == 2);
  rig.state.confirm_all();
  CHECK(exchange->remembered.open == 0);
  CHECK(who_knows(rig, AffinityKind::response, "resp_1") == "openai-1");
  CHECK(who_knows(rig, AffinityKind::item, "item_1") == "openai-1");
}

TEST_CASE("items of an answer that is not stored are not remembered") {
  ExchangeRig rig({"sk-first-key"});
  const auto exchange = sent_exchange(rig);
  exchange->facts.stored = false;
  rig.upstream.last().stream();
  rig.upstream.last().bytes(
      "data: {\"type\":\"response.output_item.done\",\"item\":{\"id\":\"item_1\"}}\n\n");
  phases::remember_answer(*exchange);
  CHECK(who_knows(rig, AffinityKind::item, "item_1").empty());
}

}  // namespace responses_proxy
