// That all golden exchanges are given again as they were is checked with them
// (fakes/golden_translation.cpp).
#include "dialects/translation/replayed_response.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/json.h"
#include "dialects/translation/event_marks.h"

namespace responses_proxy {

namespace {

struct Events final : AnswerSink {
  void event(const AnswerEvent& event) override { all.push_back(Json::parse(event.json)); }
  void bytes(std::string_view) override {}
  std::vector<std::string> types() const {
    std::vector<std::string> types;
    for (const Json& one : all) types.push_back(one["type"]);
    return types;
  }
  std::vector<Json> all;
};

Events replayed(const std::string& document, const std::string& marks, std::int64_t after = -1) {
  Events events;
  ReplayedResponse response(document, marks, after);
  while (response.step(events)) {
  }
  return events;
}

const std::string kDocument =
    R"({"id":"resp_1","object":"response","created_at":5,"status":"completed","background":false,)"
    R"("completed_at":6,"error":null,"incomplete_details":null,"instructions":null,"model":"m",)"
    R"("output":[{"id":"msg_10000","type":"message","status":"completed","role":"assistant",)"
    R"("content":[{"type":"output_text","text":"Hello","annotations":[],"logprobs":[]}]}],)"
    R"("tools":[],"usage":{"input_tokens":1,"input_tokens_details":{"cached_tokens":0,)"
    R"("cache_write_tokens":0},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},)"
    R"("total_tokens":3},"user":null,"metadata":{}})";

}  // namespace

TEST_CASE("a response is given again in the pieces it came in, and after any event") {
  const Events whole = replayed(kDocument, "+2,3,.");
  CHECK(whole.types() ==
        std::vector<std::string>{"response.created", "response.in_progress",
                                 "response.output_item.added", "response.content_part.added",
                                 "response.output_text.delta", "response.output_text.delta",
                                 "response.output_text.done", "response.content_part.done",
                                 "response.output_item.done", "response.completed"});
  CHECK(whole.all[0]["response"]["status"] == "in_progress");
  CHECK(whole.all[0]["response"]["output"] == Json::array());
  CHECK(whole.all[4]["delta"] == "He");
  CHECK(whole.all[5]["delta"] == "llo");
  CHECK(dump(whole.all[9]["response"]) == kDocument);
  for (std::int64_t after = 0; after < 10; ++after) {
    const Events rest = replayed(kDocument, "+2,3,.", after);
    REQUIRE(rest.all.size() == static_cast<std::size_t>(9 - after));
    for (std::size_t i = 0; i < rest.all.size(); ++i) {
      CHECK(dump(rest.all[i]) == dump(whole.all[i + static_cast<std::size_t>(after) + 1]));
    }
  }
}

TEST_CASE("without marks each text comes in one piece") {
  const Events whole = replayed(kDocument, "");
  REQUIRE(whole.all.size() == 9);
  CHECK(whole.all[4]["delta"] == "Hello");
  CHECK(dump(whole.all[8]["response"]) == kDocument);
}

TEST_CASE("marks that say more than there is lead to no more than that") {
  for (const char* marks :
       {"+2,900000,7,.+.+9,", "@7:3,", "nonsense", "+", "@", "99999999999999999999,"}) {
    CAPTURE(marks);
    const Events whole = replayed(kDocument, marks);
    CHECK(whole.all.back()["type"] == "response.completed");
  }
}

TEST_CASE("of one that has failed there are beginning and end, whatever the client has seen") {
  std::string failed = kDocument;
  failed.replace(failed.find("completed"), 9, "failed");
  CHECK(replayed(failed, "").types() ==
        std::vector<std::string>{"response.created", "response.in_progress", "response.failed"});
  const Events rest = replayed(failed, "+2,", 40);
  REQUIRE(rest.all.size() == 1);
  CHECK(rest.all[0]["sequence_number"] == 41);
  CHECK(dump(rest.all[0]["response"]) == failed);
}

TEST_CASE("what is no document has no events") {
  CHECK(replayed("", "").all.empty());
  CHECK(replayed("[1]", "+1,.").all.empty());
}

TEST_CASE("marks tell items apart") {
  EventMarks marks;
  marks.added(0);
  marks.delta(0, 5);
  marks.added(1);
  marks.delta(1, 12);
  marks.delta(0, 3);
  marks.done(1);
  marks.done(0);
  CHECK(marks.text() == "+5,+12,@0:3,@1:.@0:.");
  EventMarksReader reader(marks.text());
  std::vector<std::size_t> items;
  std::size_t bytes = 0;
  while (const auto mark = reader.next()) {
    items.push_back(mark->item);
    bytes += mark->bytes;
  }
  CHECK(items == std::vector<std::size_t>{0, 0, 1, 1, 0, 1, 0});
  CHECK(bytes == 20);
}

}  // namespace responses_proxy
