// Random conversations, there and back: what goes up says the same in the same order, and what an
// upstream would have said to make it comes back as the same items.
#include <doctest/doctest.h>

#include <string>

#include "core/json.h"
#include "responses_proxy/dialect.h"
#include "unit/dialects/translation/drawn_conversation.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Resource chat_resource() {
  Resource resource;
  resource.wire_api = "chat_completions";
  resource.base_url = "http://u/v1";
  resource.dialect_config = R"({"reasoning_field":"reasoning_content"})";
  return resource;
}

// The conversation that the upstream's messages tell.
Json told(const Dialect& dialect, const Json& messages) {
  Json items = Json::array();
  for (const Json& message : messages) {
    const std::string role = message["role"];
    if (role == "assistant") {
      const Json answer{{"choices", {{{"message", message}, {"finish_reason", "stop"}}}}};
      for (const Json& item : items_of_answer(dialect, chat_resource(), answer)) {
        items.push_back(as_sent(item));
      }
    } else if (role == "tool") {
      items.push_back({{"call_id", message["tool_call_id"]}, {"output", message["content"]}});
    } else {
      items.push_back({{"role", role}, {"content", message["content"]}});
    }
  }
  return items;
}

}  // namespace

TEST_CASE(
    "chat: a random conversation there and back keeps roles, order, ids, arguments and text") {
  const auto dialect = make_chat_completions_dialect();
  check_drawn_conversations([&](const Json& items) {
    const Json sent = Json::parse(*translated_by(*dialect, chat_resource(), items).call.body);
    CHECK(unordered(told(*dialect, sent["messages"])) == unordered(meant(items)));
  });
}

TEST_CASE("chat: each request of a random conversation begins as the one before it") {
  const auto dialect = make_chat_completions_dialect();
  check_drawn_conversations(
      [&](const Json& items) { check_grows(*dialect, chat_resource(), items, "]"); });
}
