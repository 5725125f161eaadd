#include "fakes/golden_translation.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "dialects/translation/replayed_response.h"
#include "fakes/responses_stream_rules.h"

namespace responses_proxy::testing {

namespace {

struct Given final : AnswerSink {
  void event(const AnswerEvent& event) override {
    events.push_back(Json::parse(event.json));
    CHECK(events.back()["type"] == event.type);
  }
  void bytes(std::string_view bytes) override { document.append(bytes); }

  AnswerHead head;
  int status = 0;
  std::vector<Json> events;
  std::string document;
  std::string on_record;     // AnswerFacts::error_code
  bool failed_late = false;  // the stream had no end of its own
};

class Exchange {
 public:
  Exchange(const Dialect& dialect, Json& golden) : dialect_(dialect), golden_(golden) {
    request_.method = "POST";
    request_.path = golden.value("path", "/v1/responses");
    request_.headers = {{"content-type", "application/json"}, {"session_id", "s-1"}};
    request_.body = dump(golden["request"]);
    resource_.id = "r";
    resource_.wire_api = dialect.name();
    resource_.base_url = golden.value("base_url", "http://u/v1");
    resource_.credential = Secret("sk-resource");
    if (golden.contains("config")) resource_.dialect_config = dump(golden["config"]);
    if (golden.contains("capabilities")) capabilities_ = dump(golden["capabilities"]);
    alias_ = golden.value("alias", "");
    model_ = golden.value("model", "");
    if (golden.contains("history")) {
      std::string items = dump(golden["history"]);
      history_ = items.substr(1, items.size() - 2);
    }
    if (golden.contains("compacted")) {
      const Json& compacted = golden["compacted"];
      compacted_ = Compacted{compacted["encrypted_content"], dump(compacted["usage"])};
    }
  }

  // `read_before`: what is configured was read when a routing table was made.
  Result<Translated> translate(bool read_before = false) const {
    Turn turn{request_, "m", model_, 100'000};
    turn.alias = alias_;
    turn.capabilities = capabilities_;
    turn.response_id = "resp_7";
    const auto settings = dialect_.settings(resource_, model_, capabilities_);
    if (read_before) turn.settings = settings.get();
    if (golden_.value("foreign_reasoning", "") == "text") {
      turn.foreign_reasoning = ForeignReasoning::text;
    }
    if (history_) turn.history = *history_;
    if (compacted_) turn.compacted = &*compacted_;
    return dialect_.translate(turn, resource_);
  }

  Given answer(const std::vector<std::string_view>& pieces) const {
    auto translated = translate();
    REQUIRE(translated);
    Translation& translation = *translated->answer;
    Given given;
    given.status = golden_.value("status", 200);
    Headers headers;
    headers.add("content-type",
                golden_.contains("stream") ? "text/event-stream" : "application/json");
    if (golden_.contains("headers")) {
      for (const auto& [name, value] : golden_["headers"].items()) {
        headers.set(name, value.get<std::string>());
      }
    }
    given.head = translation.head(given.status, headers);
    for (const std::string_view piece : pieces) translation.read(piece, given);
    translation.finish(given);
    if (const int status = translation.revised_status()) given.status = status;
    given.on_record = translation.facts().error_code;
    if (!translation.facts().complete) {
      given.failed_late = true;
      CHECK(translation.failure("it broke off", given));
    }
    if (given.head.event_stream) check_stored(translation, given);
    if (given.head.event_stream && pieces.size() == 1) check_replayed(translation, given);
    return given;
  }

  // Whether the client gets a stream; nobody else does who asks for a summary.
  bool streams() const {
    return golden_["request"].value("stream", false) && !golden_.value("summarises", false);
  }

 private:
  static void check_stored(const Translation& translation, const Given& given) {
    const Json& last = given.events.back()["response"];
    if (translation.facts().state == AnswerState::failed || given.failed_late) return;
    const StoredResponse stored = translation.stored();
    CHECK(last["id"] == stored.id);
    CHECK(Json::parse("[" + stored.output + "]") == last["output"]);
  }

  // What is kept, given again, is the same event by event.
  static void check_replayed(const Translation& translation, const Given& given) {
    const StoredResponse stored = translation.stored();
    const AnswerState state = translation.facts().state;
    const bool whole = state == AnswerState::completed || state == AnswerState::incomplete;
    if (!whole || stored.document.empty()) return;
    CHECK(dump(Json::parse(stored.document)) == dump(given.events.back()["response"]));
    Given again;
    ReplayedResponse replayed(stored.document, stored.marks, -1);
    while (replayed.step(again)) {
    }
    REQUIRE(again.events.size() == given.events.size());
    for (std::size_t i = 0; i < again.events.size(); ++i) {
      CHECK(dump(again.events[i]) == dump(given.events[i]));
    }
  }

  const Dialect& dialect_;
  Json& golden_;
  Request request_;
  Resource resource_;
  std::string capabilities_;
  std::string alias_;
  std::string model_;
  std::optional<std::string> history_;
  std::optional<Compacted> compacted_;
};

std::string bytes_of(const Json& golden, const char* line_end) {
  if (!golden.contains("stream")) {
    const Json& answer = golden["answer"];
    return answer.is_string() ? answer.get<std::string>() : dump(answer);
  }
  std::string bytes;
  for (const Json& event : golden["stream"]) {
    const std::string data = event.is_string() ? event.get<std::string>() : dump(event);
    if (event.is_object() && event.contains("event")) {
      bytes +=
          "event: " + event["event"].get<std::string>() + line_end + "data: " + dump(event["data"]);
    } else {
      bytes += data.starts_with(':') ? data : "data: " + data;
    }
    bytes.append(line_end).append(line_end);
  }
  return bytes;
}

// A response without what the rules say and what is echoed.
Json short_response(const Json& response) {
  Json short_form{{"status", response["status"]}};
  for (const char* key : {"error", "incomplete_details", "usage"}) {
    if (!response[key].is_null()) short_form[key] = response[key];
  }
  return short_form;
}

Json short_event(const Json& event) {
  Json short_form = event;
  short_form.erase("sequence_number");
  short_form.erase("logprobs");
  if (event.contains("response")) short_form["response"] = short_response(event["response"]);
  return short_form;
}

void expect(Json& golden, const char* key, const Json& given) {
  if (std::getenv("RP_GOLDEN_WRITE") != nullptr) {
    golden[key] = given;
    return;
  }
  REQUIRE_MESSAGE(golden.contains(key), key);
  CHECK_MESSAGE(dump(golden[key]) == dump(given), key);
}

void check_sent(const Translated& translated, Json& golden) {
  const UpstreamCall& call = translated.call;
  REQUIRE(call.body);
  expect(golden, "sent", Json::parse(*call.body));
  if (golden.contains("sent_to")) CHECK(golden["sent_to"] == call.url);
  if (golden.contains("sent_headers")) {
    for (const auto& field : golden["sent_headers"].items()) {
      CHECK_MESSAGE(call.headers.get(field.key()) == field.value().get<std::string>(), field.key());
    }
  }
  CHECK(call.headers.get("session_id") == "s-1");
  if (golden.contains("adjusted")) CHECK(golden["adjusted"] == translated.adjusted);
  CHECK(golden.value("summarises", false) == translated.summarises);
}

void check_given(const Given& given, const Exchange& exchange, Json& golden) {
  if (golden.contains("head")) {
    for (const auto& field : golden["head"].items()) {
      CHECK_MESSAGE(
          given.head.response.headers.get(field.key()) == field.value().get<std::string>(),
          field.key());
    }
  }
  if (golden.contains("on_record")) CHECK(golden["on_record"] == given.on_record);
  if (given.status >= 400) {
    Json error = Json::parse(given.document)["error"];
    error["status"] = given.status;
    expect(golden, "error", error);
    return;
  }
  CHECK(given.head.event_stream == exchange.streams());
  if (!exchange.streams()) {
    const Json response = Json::parse(given.document);
    if (response["object"] == "response.compaction") return expect(golden, "response", response);
    check_response_members(response, golden["request"]);
    Json short_form = short_response(response);
    short_form["output"] = response["output"];
    expect(golden, "response", short_form);
    return;
  }
  check_stream_rules(given.events, golden["request"]);
  Json events = Json::array();
  for (const Json& event : given.events) events.push_back(short_event(event));
  expect(golden, "events", events);
}

void check_cuts(const Exchange& exchange, const Given& whole, const Json& golden) {
  const std::string bytes = bytes_of(golden, "\n");
  const auto same = [&](const Given& given) {
    return given.events == whole.events && given.document == whole.document &&
           given.status == whole.status;
  };
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::string_view all = bytes;
    const bool equal = same(exchange.answer({all.substr(0, cut), all.substr(cut)}));
    if (!equal) CHECK_MESSAGE(equal, "cut at " << cut);
  }
  if (golden.contains("stream")) {
    CHECK(same(exchange.answer({bytes_of(golden, "\r\n")})));
    // Without the last line's end.
    CHECK(same(exchange.answer({std::string_view(bytes).substr(0, bytes.size() - 2)})));
  }
}

void check_exchange(const Dialect& dialect, Json& golden) {
  const Exchange exchange(dialect, golden);
  auto translated = exchange.translate();
  if (golden.contains("refused")) {
    REQUIRE_FALSE(translated);
    CHECK(translated.error().status == golden["refused"].value("status", 400));
    CHECK(golden["refused"]["code"] == translated.error().code);
    CHECK(translated.error().param == golden["refused"].value("param", ""));
    return;
  }
  REQUIRE_MESSAGE(translated, (translated ? "" : translated.error().message));
  CHECK(*translated->call.body == *exchange.translate(true)->call.body);  // to the byte
  check_sent(*translated, golden);
  if (!golden.contains("stream") && !golden.contains("answer")) return;
  const std::string bytes = bytes_of(golden, "\n");
  const Given whole = exchange.answer({bytes});
  check_given(whole, exchange, golden);
  check_cuts(exchange, whole, golden);
}

}  // namespace

void check_golden_exchanges(const Dialect& dialect, const std::filesystem::path& folder) {
  std::map<std::string, std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files[entry.path().stem()] = entry.path();
  }
  CHECK(files.size() > 10);
  for (const auto& [name, path] : files) {
    CAPTURE(name);
    std::ifstream file(path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    Json golden = Json::parse(text);
    check_exchange(dialect, golden);
    if (std::getenv("RP_GOLDEN_WRITE") == nullptr) continue;
    std::ofstream(path) << golden.dump(1) << "\n";
  }
}

}  // namespace responses_proxy::testing
