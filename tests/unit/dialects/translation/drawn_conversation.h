// Random conversations for tests that send them there and back, and what is compared. RP_SIM_SEED=n
// runs one of them again.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/random.h"

namespace responses_proxy::testing {

inline constexpr const char* kDrawnTools = R"([{"type":"function","name":"look"},
  {"type":"custom","name":"patch"},{"type":"namespace","name":"mcp__m","tools":[
    {"type":"function","name":"look"},{"type":"custom","name":"mcp__m__run"}]}])";

class DrawnConversation {
 public:
  explicit DrawnConversation(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_.next() % n); }
  std::string text() {
    constexpr const char* kPieces[] = {"a", "\"", "\\", "\n", "\xC3\xA4", "\xF0\x9F\x98\x80",
                                       "{", "]",  ":",  " ",  "x",        "\t"};
    std::string text = "t";
    for (std::size_t i = below(8); i > 0; --i) text += kPieces[below(std::size(kPieces))];
    return text;
  }

  // A conversation in which every call has its output, in rounds.
  Json conversation() {
    Json items = Json::array();
    for (std::size_t turns = 1 + below(6); turns > 0; --turns) {
      items.push_back({{"type", "message"},
                       {"role", below(4) == 0 ? "developer" : "user"},
                       {"content", text()}});
      for (std::size_t rounds = below(3); rounds > 0; --rounds) add_round(items);
      if (below(2) == 0) items.push_back(spoken());
    }
    return items;
  }

 private:
  Json spoken() {
    return {{"type", "message"},
            {"role", "assistant"},
            {"content", {{{"type", "output_text"}, {"text", text()}}}}};
  }
  // As one provider or another calls them.
  std::string call_id() {
    return (below(2) == 0 ? "call_" : "functions.look:") + std::to_string(++calls_);
  }
  void add_round(Json& items) {
    if (below(2) == 0) {
      items.push_back(
          {{"type", "reasoning"}, {"summary", {{{"type", "summary_text"}, {"text", text()}}}}});
    }
    if (below(2) == 0) items.push_back(spoken());
    Json outputs = Json::array();
    for (std::size_t calls = 1 + below(3); calls > 0; --calls) {
      const std::string id = call_id();
      const std::size_t tool = below(4);
      const bool custom = tool % 2 == 1;
      Json call{{"type", custom ? "custom_tool_call" : "function_call"},
                {"call_id", id},
                {"name", tool == 3 ? "mcp__m__run"
                         : custom  ? "patch"
                                   : "look"}};
      call[custom ? "input" : "arguments"] = custom ? text() : dump({{"a", text()}});
      if (tool >= 2) call["namespace"] = "mcp__m";
      items.push_back(call);
      Json output{{"type", custom ? "custom_tool_call_output" : "function_call_output"},
                  {"call_id", id},
                  {"output", text()}};
      outputs.insert(outputs.begin() + static_cast<long>(below(outputs.size() + 1)), output);
    }
    for (const Json& output : outputs) items.push_back(output);
  }

  SeededRandom random_;
  int calls_ = 0;
};

struct WholeDocument final : AnswerSink {
  void event(const AnswerEvent&) override { FAIL("no stream was asked for"); }
  void bytes(std::string_view bytes) override { text.append(bytes); }
  std::string text;
};

// A request that a provider of that dialect gets.
inline Translated translated_by(const Dialect& dialect, const Resource& resource,
                                const Json& items) {
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.body = dump({{"model", "m"}, {"tools", Json::parse(kDrawnTools)}, {"input", items}});
  auto result = dialect.translate({request, "m", {}}, resource);
  REQUIRE(result);
  return std::move(*result);
}

// The items that such an answer becomes.
inline Json items_of_answer(const Dialect& dialect, const Resource& resource, const Json& answer) {
  Translated reader =
      translated_by(dialect, resource, Json::array({{{"role", "user"}, {"content", "x"}}}));
  reader.answer->head(200, {{"content-type", "application/json"}});
  WholeDocument document;
  reader.answer->read(dump(answer), document);
  reader.answer->finish(document);
  return Json::parse(document.text).at("output");
}

// Without what is made up, and as it was sent.
inline Json as_sent(Json item) {
  for (const char* key : {"id", "status"}) item.erase(key);
  if (!item.contains("content")) return item;
  for (Json& part : item["content"]) {
    part.erase("annotations");
    part.erase("logprobs");
  }
  return item;
}

// What a conversation says: outputs in the order of their calls.
inline Json meant(const Json& items) {
  Json meant = Json::array();
  std::vector<std::string> open;
  const auto output_of = [&](const std::string& id) {
    for (const Json& item : items) {
      if (item.contains("output") && item["call_id"] == id) return item["output"];
    }
    return Json();
  };
  const auto close = [&] {
    for (const std::string& id : open)
      meant.push_back({{"call_id", id}, {"output", output_of(id)}});
    open.clear();
  };
  for (const Json& item : items) {
    if (item.contains("output")) {
      close();
    } else if (item.contains("call_id")) {
      open.push_back(item["call_id"]);
      meant.push_back(item);
    } else if (item.value("role", "assistant") != "assistant") {
      const bool user = item["role"] == "user";
      meant.push_back({{"role", user ? "user" : "system"}, {"content", item["content"]}});
    } else {
      meant.push_back(item);
    }
  }
  return meant;
}

// Members in any order.
inline nlohmann::json unordered(const Json& json) {
  return nlohmann::json::parse(dump(json));
}

// Each request of a conversation begins as the one before it, byte for byte: so a provider's prompt
// cache finds what it knows. `end`: what the messages end with in the body.
inline void check_grows(const Dialect& dialect, const Resource& resource, const Json& items,
                        std::string_view end) {
  std::string before;
  Json asked = Json::array();
  for (const Json& item : items) {
    asked.push_back(item);
    if (item.value("role", "") != "user") continue;
    const std::string body = *translated_by(dialect, resource, asked).call.body;
    CHECK(body.starts_with(before));
    before = body.substr(0, body.rfind(end));
    CHECK(before.size() > end.size());
  }
}

// Calls check(items) with each of them.
template <class Check>
void check_drawn_conversations(Check&& check) {
  const char* const again = std::getenv("RP_SIM_SEED");
  const std::uint64_t first = again != nullptr ? std::strtoull(again, nullptr, 10) : 1;
  const std::uint64_t last = again != nullptr ? first : 200;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    CAPTURE(seed);
    check(DrawnConversation(seed).conversation());
  }
}

}  // namespace responses_proxy::testing
