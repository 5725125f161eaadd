// Random conversations, there and back: what goes up says the same in the same order, and what an
// upstream would have said to make it comes back as the same items. What is for the system stands
// in front of all, in its own order.
#include <doctest/doctest.h>

#include <string>

#include "core/json.h"
#include "dialects/anthropic_messages/anthropic_call_ids.h"
#include "dialects/anthropic_messages/signed_thoughts.h"
#include "dialects/translation/portable_reasoning.h"
#include "responses_proxy/dialect.h"
#include "unit/dialects/translation/drawn_conversation.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kSignature = "sig+/=";
constexpr const char* kMadeUp = "Continue.";  // where the user would have to speak

Resource anthropic_resource() {
  Resource resource;
  resource.wire_api = "anthropic_messages";
  resource.base_url = "http://u/v1";
  resource.dialect_config = R"({"family":"claude-opus-4-7"})";
  return resource;
}

// Thoughts are only sent back to who has signed them.
Json with_signatures(Json items) {
  const std::string origin = reasoning_origin(anthropic_resource());
  for (Json& item : items) {
    if (item["type"] != "reasoning") continue;
    const std::string text = item["summary"][0]["text"];
    item["encrypted_content"] = signed_thought(origin, text, kSignature);
  }
  return items;
}

std::string joined_text(const Json& blocks) {
  std::string text;
  for (const Json& one : blocks) text += one["text"].get<std::string>();
  return text;
}

// Block by block: neighbours of one kind are one item in an answer.
void add_assistant(const Dialect& dialect, const Json& block, Json& items) {
  const Json answer{
      {"type", "message"}, {"content", Json::array({block})}, {"stop_reason", "end_turn"}};
  for (const Json& item : items_of_answer(dialect, anthropic_resource(), answer)) {
    items.push_back(as_sent(item));
  }
}

// The conversation that the upstream's messages tell.
Json told(const Dialect& dialect, const Json& sent) {
  Json items = Json::array();
  if (sent.contains("system")) {
    for (const Json& block : sent["system"]) {
      items.push_back({{"role", "system"}, {"content", block["text"]}});
    }
  }
  for (const Json& message : sent["messages"]) {
    for (const Json& block : message["content"]) {
      if (message["role"] == "assistant") {
        add_assistant(dialect, block, items);
      } else if (block["type"] == "tool_result") {
        const std::string id = block["tool_use_id"];
        items.push_back(
            {{"call_id", original_call_id(id)}, {"output", joined_text(block["content"])}});
      } else if (block["text"] != kMadeUp) {
        items.push_back({{"role", "user"}, {"content", block["text"]}});
      }
    }
  }
  return items;
}

Json system_first(const Json& items) {
  Json sorted = Json::array();
  for (const bool system : {true, false}) {
    for (const Json& item : items) {
      if ((item.value("role", "") == "system") == system) sorted.push_back(item);
    }
  }
  return sorted;
}

}  // namespace

TEST_CASE("anthropic: a random conversation there and back keeps roles, order, ids and text") {
  const auto dialect = make_anthropic_messages_dialect();
  check_drawn_conversations([&](const Json& drawn) {
    const Json items = with_signatures(drawn);
    const Json sent = Json::parse(*translated_by(*dialect, anthropic_resource(), items).call.body);
    CHECK(unordered(told(*dialect, sent)) == unordered(system_first(meant(items))));
    CHECK(sent["messages"][0]["role"] == "user");
    CHECK(sent["messages"].back()["role"] == "user");
    for (std::size_t i = 1; i < sent["messages"].size(); ++i) {
      CHECK(sent["messages"][i]["role"] != sent["messages"][i - 1]["role"]);
    }
  });
}

TEST_CASE("anthropic: each request of a random conversation begins as the one before it") {
  const auto dialect = make_anthropic_messages_dialect();
  check_drawn_conversations([&](const Json& drawn) {
    Json items = with_signatures(drawn);
    // The words of the system stand in front of all messages: new ones change what comes after.
    for (Json& item : items) {
      if (item.value("role", "") == "developer") item["role"] = "user";
    }
    check_grows(*dialect, anthropic_resource(), items, "]}]");
  });
}
