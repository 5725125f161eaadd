// The ids of output items, which a later input may refer to.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/bounded_id.h"
#include "responses_proxy/dialect.h"
#include "unit/dialects/responses/read_answer.h"

using namespace responses_proxy;

namespace {

using Ids = std::vector<std::string>;

AnswerFacts facts_of(const char* content_type, const std::string& answer) {
  const Request request;
  const auto translated = make_responses_dialect()->translate({request, {}, {}}, {});
  testing::CollectedAnswer given;
  translated->answer->head(200, {{"Content-Type", content_type}});
  translated->answer->read(answer, given);
  translated->answer->finish(given);
  return translated->answer->facts();
}

AnswerFacts of_json(const std::string& answer) {
  return facts_of("application/json", answer);
}

AnswerFacts of_stream(const std::vector<std::string>& events) {
  std::string stream;
  for (const std::string& event : events) stream += "data: " + event + "\n\n";
  return facts_of("text/event-stream", stream);
}

const std::string kCreated =
    R"({"type":"response.created","response":{"id":"resp_1","output":[]}})";

}  // namespace

TEST_CASE("a whole answer: the ids of its output") {
  const AnswerFacts facts = of_json(R"({"id":"resp_1","object":"response","status":"completed",
      "output":[{"type":"reasoning","id":"rs_1"},{"type":"message","id":"msg_1"},{"id":7},
                {"type":"function_call"},"text",{"id":"msg_1"}]})");
  CHECK(facts.item_ids == Ids{"rs_1", "msg_1"});
  CHECK(facts.stored);
  CHECK(of_json(R"({"id":"resp_1","object":"response","output":"text"})").item_ids.empty());
  CHECK(of_json(R"({"object":"conversation","id":"conv_1","output":[{"id":"msg_1"}]})")
            .item_ids.empty());
}

TEST_CASE("a stream: each item when it is done, and those of the last event") {
  CHECK(of_stream({kCreated, R"({"type":"response.output_item.added","item":{"id":"msg_begun"}})",
                   R"({"type":"response.output_item.done","item":{"id":"msg_1","type":"message"}})",
                   R"({"type":"response.output_text.delta","item_id":"msg_1","delta":"x"})"})
            .item_ids == Ids{"msg_1"});
  CHECK(of_stream({kCreated, R"({"type":"response.output_item.done","item":{"id":"msg_1"}})",
                   R"({"type":"response.completed","response":{"id":"resp_1",)"
                   R"("output":[{"id":"msg_1"},{"id":"msg_2"}]}})"})
            .item_ids == Ids{"msg_1", "msg_2"});
}

TEST_CASE("an answer that is not stored says so") {
  CHECK_FALSE(of_json(R"({"id":"resp_1","object":"response","store":false})").stored);
  CHECK_FALSE(of_stream({R"({"type":"response.created","response":{"id":"resp_1","store":false}})"})
                  .stored);
  CHECK(of_json(R"({"id":"resp_1","object":"response","store":null})").stored);
}

TEST_CASE("the number of ids is bounded, and so is each of them") {
  std::string items = R"({"id":")" + std::string(100'000, 'x') + "\"}";
  for (std::size_t i = 0; i < 2 * kMaxItemIds; ++i) {
    items += R"(,{"id":"msg_)" + std::to_string(i) + "\"}";
  }
  const AnswerFacts facts =
      of_json(R"({"id":"resp_1","object":"response","output":[)" + items + "]}");
  CHECK(facts.item_ids.size() == kMaxItemIds);
  for (const std::string& id : facts.item_ids) CHECK(id.size() <= kMaxIdBytes);
}
