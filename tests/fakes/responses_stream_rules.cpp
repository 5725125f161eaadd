#include "fakes/responses_stream_rules.h"

#include <doctest/doctest.h>

#include <map>

namespace responses_proxy::testing {

namespace {

// The events of one item.
struct Followed {
  Json added;
  std::map<std::string, std::string> written;  // by kind and part, what its deltas make up
  std::map<std::string, std::string> done;     // the same, as its done event says
  bool over = false;
};

std::string part_of(const Json& event, const std::string& kind) {
  for (const char* key : {"content_index", "summary_index"}) {
    if (event.contains(key)) return kind + " " + std::to_string(event[key].get<int>());
  }
  return kind;
}

std::string text_of_done(const Json& event) {
  for (const char* key : {"text", "refusal", "arguments", "input"}) {
    if (event.contains(key)) return event[key];
  }
  FAIL("a done event without a text: " << event.dump());
  return {};
}

class Follower {
 public:
  void follow(const Json& event) {
    const std::string type = event["type"];
    if (type == "response.output_item.added") {
      const std::size_t index = event["output_index"];
      CHECK(index == items_.size());
      CHECK(event["item"]["id"].is_string());
      items_.push_back({event["item"], {}, {}, false});
      return;
    }
    REQUIRE(event.contains("output_index"));
    REQUIRE(event["output_index"].get<std::size_t>() < items_.size());
    Followed& item = items_[event["output_index"].get<std::size_t>()];
    CHECK_FALSE(item.over);
    if (type == "response.output_item.done") return finish(item, event["item"]);
    CHECK(event["item_id"] == item.added["id"]);
    if (type.ends_with("part.added") || type.ends_with("part.done")) return;
    const bool delta = type.ends_with(".delta");
    const std::string kind = type.substr(0, type.rfind('.'));
    if (delta) {
      CHECK_FALSE(event["delta"].get<std::string>().empty());
      CHECK_FALSE(item.done.contains(part_of(event, kind)));
      item.written[part_of(event, kind)] += event["delta"].get<std::string>();
    } else {
      CHECK(type.ends_with(".done"));
      item.done[part_of(event, kind)] = text_of_done(event);
    }
    if (kind == "response.function_call_arguments" && !delta) {
      CHECK(event["name"] == item.added["name"]);
    }
  }

  const std::vector<Json>& output() const { return output_; }
  std::size_t open() const {
    std::size_t open = 0;
    for (const Followed& item : items_) open += item.over ? 0 : 1;
    return open;
  }

 private:
  void finish(Followed& item, const Json& done) {
    item.over = true;
    for (const char* key : {"id", "type", "name", "namespace", "call_id"}) {
      CHECK(done.value(key, "") == item.added.value(key, ""));
    }
    for (const auto& [part, text] : item.written) CHECK(item.done[part] == text);
    if (output_.size() < items_.size()) output_.resize(items_.size());
    output_[static_cast<std::size_t>(&item - items_.data())] = done;
  }

  std::vector<Followed> items_;
  std::vector<Json> output_;
};

bool is_terminal(const std::string& type) {
  return type == "response.completed" || type == "response.incomplete" || type == "response.failed";
}

}  // namespace

void check_response_members(const Json& response, const Json& request) {
  for (const char* key : {"id",
                          "object",
                          "created_at",
                          "status",
                          "background",
                          "completed_at",
                          "error",
                          "incomplete_details",
                          "instructions",
                          "max_output_tokens",
                          "max_tool_calls",
                          "model",
                          "output",
                          "parallel_tool_calls",
                          "previous_response_id",
                          "prompt_cache_key",
                          "prompt_cache_retention",
                          "reasoning",
                          "safety_identifier",
                          "service_tier",
                          "store",
                          "temperature",
                          "text",
                          "tool_choice",
                          "tools",
                          "top_logprobs",
                          "top_p",
                          "truncation",
                          "usage",
                          "user",
                          "metadata"}) {
    CHECK_MESSAGE(response.contains(key), key);
  }
  for (const char* key : {"instructions", "tools", "tool_choice", "parallel_tool_calls", "metadata",
                          "temperature", "top_p", "user", "store", "max_output_tokens"}) {
    const bool sent = request.contains(key) && !request[key].is_null();
    if (sent) CHECK_MESSAGE(response[key] == request[key], key);
  }
  if (response["usage"].is_null()) return;
  for (const char* key : {"input_tokens", "output_tokens", "total_tokens"}) {
    CHECK(response["usage"][key].is_number_integer());
  }
  CHECK(response["usage"]["input_tokens_details"]["cached_tokens"].is_number_integer());
  CHECK(response["usage"]["output_tokens_details"]["reasoning_tokens"].is_number_integer());
}

void check_stream_rules(const std::vector<Json>& events, const Json& request) {
  REQUIRE_FALSE(events.empty());
  Follower follower;
  std::string id;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Json& event = events[i];
    const std::string type = event["type"];
    CHECK(event["sequence_number"] == i);
    CHECK(is_terminal(type) == (i + 1 == events.size()));
    if (i == 0) CHECK((type == "response.created" || type == "response.failed"));
    if (i == 1) CHECK((type == "response.in_progress" || type == "response.failed"));
    if (!event.contains("response")) {
      follower.follow(event);
      continue;
    }
    const Json& response = event["response"];
    check_response_members(response, request);
    if (id.empty()) id = response["id"];
    CHECK(response["id"] == id);
  }
  const Json& last = events.back()["response"];
  if (events.back()["type"] == "response.failed") return;
  CHECK(follower.open() == 0);
  CHECK(last["output"] == Json(follower.output()));
}

}  // namespace responses_proxy::testing
