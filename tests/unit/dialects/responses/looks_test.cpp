// Each event of an answer is looked at once, whoever asks something of it; only its end is parsed.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/json_reads.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

namespace {

const std::vector<std::string> kEvents{
    R"({"type":"response.created","response":{"id":"resp_1","model":"up","conversation":{"id":"c"}}})",
    R"({"type":"response.in_progress","stream_id":"lane","response":{"id":"resp_1","model":"up"}})",
    R"({"type":"response.output_text.delta","delta":"some text \u00e9"})",
    R"({"type":"response.output_item.done","item":{"id":"msg_1","content":[{"text":"x"}]}})",
    R"({"type":"response.completed","response":{"id":"resp_1","model":"up","output":[{"id":"msg_1"}]}})"};

struct Events final : AnswerSink {
  void event(const AnswerEvent& event) override {
    json.emplace_back(event.json);
    named.push_back(event.names_stream);
  }
  void bytes(std::string_view) override {}
  std::vector<std::string> json;
  std::vector<bool> named;
};

// An answer of which everything is wanted: its output, and another name for the model.
std::unique_ptr<Translation> translation(const Dialect& dialect) {
  static const Request request;
  auto made = dialect.translate({.request = request,
                                 .model = "up",
                                 .upstream_model = "up",
                                 .keep_output = 1000,
                                 .alias = "mine"},
                                {});
  auto answer = std::move(made->answer);
  answer->head(200, {{"content-type", "text/event-stream"}});
  return answer;
}

void check_answer(const Translation& answer, const Events& given) {
  REQUIRE(given.json.size() == kEvents.size());
  CHECK(given.json[0].find(R"("model":"mine")") != std::string::npos);
  CHECK(given.json[4].find(R"("model":"mine")") != std::string::npos);
  CHECK(given.named == std::vector<bool>{false, true, false, false, false});
  CHECK(answer.facts().response_id == "resp_1");
  CHECK(answer.facts().conversation_id == "c");
  CHECK(answer.facts().item_ids == std::vector<std::string>{"msg_1"});
  CHECK(answer.facts().text_bytes == 16);
  CHECK(answer.facts().state == AnswerState::completed);
  CHECK(answer.stored().output == R"({"id":"msg_1","content":[{"text":"x"}]})");
}

}  // namespace

TEST_CASE("each event of a stream is looked at once, and only its end is parsed") {
  const auto dialect = make_responses_dialect();
  const auto answer = translation(*dialect);
  std::string stream;
  for (const std::string& event : kEvents) stream += "data: " + event + "\n\n";
  Events given;
  const JsonReads before = json_reads();
  answer->read(stream, given);
  answer->finish(given);
  CHECK(json_reads().skimmed - before.skimmed == kEvents.size());
  CHECK(json_reads().parsed - before.parsed == 1);
  check_answer(*answer, given);
}

TEST_CASE("each message of a socket is looked at once, and only the end of an answer is parsed") {
  const auto dialect = make_responses_dialect();
  const auto answer = translation(*dialect);
  Events given;
  const JsonReads before = json_reads();
  for (const std::string& event : kEvents) {
    const auto message = dialect->socket()->read(event);
    REQUIRE(message);
    answer->take(*message, given);
  }
  CHECK(json_reads().skimmed - before.skimmed == kEvents.size());
  CHECK(json_reads().parsed - before.parsed == 1);
  check_answer(*answer, given);
}

TEST_CASE("a usage is read for itself, not with all that stands around it") {
  const auto dialect = make_responses_dialect();
  const auto answer = translation(*dialect);
  Events given;
  const JsonReads before = json_reads();
  answer->read(
      "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":3,"
      "\"output_tokens\":4}}}\n\n",
      given);
  CHECK(json_reads().skimmed - before.skimmed == 2);  // the event, and the few bytes of its usage
  CHECK(json_reads().parsed - before.parsed == 1);
  CHECK(answer->facts().usage.total == 7);
}

}  // namespace responses_proxy
