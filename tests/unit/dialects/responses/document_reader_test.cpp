#include "dialects/responses/document_reader.h"

#include <doctest/doctest.h>

#include "unit/dialects/responses/read_answer.h"
#include "unit/dialects/splits.h"

namespace responses_proxy {

namespace {

using testing::DocumentReading;
using testing::in_chunks;
using testing::read_answer;
using testing::ReadAnswer;
using Learn = DocumentReader::Learn;

ReadAnswer read(const std::vector<std::string>& pieces, Learn learn = Learn::object) {
  DocumentReading reader(learn);
  ReadAnswer answer = read_answer(reader, pieces);
  std::string in;
  for (const std::string& piece : pieces) in += piece;
  CHECK((answer.out == in));
  CHECK(answer.facts.complete);
  return answer;
}

const std::string kResponse =
    R"({"id":"resp_1","object":"response","status":"completed","error":null,)"
    R"("conversation":{"id":"conv_1"},"usage":{"input_tokens":5,"output_tokens":6}})";

std::string response_of(std::size_t size) {
  std::string text = R"({"id":"resp_1","object":"response","output_text":")";
  text.append(size - text.size() - 2, 'x');
  return text + "\"}";
}

}  // namespace

TEST_CASE("a response teaches id, conversation, usage and outcome") {
  const AnswerFacts facts = read({kResponse}).facts;
  CHECK(facts.response_id == "resp_1");
  CHECK(facts.conversation_id == "conv_1");
  CHECK(facts.usage == TokenUsage{5, 6, 11, {}, {}});
  CHECK(facts.state == AnswerState::completed);
}

TEST_CASE("nothing that is learnt from an answer is of the one before") {
  const auto facts_of = [](const std::string& more) {
    return read({R"({"object":"response")" + more + "}"}).facts;
  };
  const AnswerFacts first =
      facts_of(R"(,"id":"resp_1","conversation":{"id":"conv_1"},"background":true,"store":false,)"
               R"("output":[{"id":"msg_1"},7,{"id":"msg_1"},{"id":8},{"id":"rs_2"}],)"
               R"("usage":{"input_tokens":5,"output_tokens_details":{"reasoning_tokens":1}})");
  CHECK(first.item_ids == std::vector<std::string>{"msg_1", "rs_2"});
  CHECK(first.background);
  CHECK_FALSE(first.stored);
  CHECK(first.usage == TokenUsage{5, {}, {}, {}, 1});
  for (const char* more : {"", R"(,"conversation":null,"output":null,"usage":{},"id":null)",
                           R"(,"conversation":"conv_1","output":[],"usage":[])"}) {
    CAPTURE(more);
    const AnswerFacts next = facts_of(more);
    CHECK(next.response_id.empty());
    CHECK(next.conversation_id.empty());
    CHECK(next.item_ids.empty());
    CHECK(next.usage.empty());
    CHECK_FALSE(next.background);
    CHECK(next.stored);
  }
}

TEST_CASE("usage is found in a response inside the answer, too; its own goes before") {
  const std::string inside = R"("response":{"usage":{"input_tokens":1,"output_tokens":2}})";
  CHECK(read({"{" + inside + "}"}).facts.usage.total == 3);
  CHECK(read({R"({"usage":null,)" + inside + "}"}).facts.usage.total == 3);
  CHECK(read({R"({"usage":{"total_tokens":7},)" + inside + "}"}).facts.usage.total == 7);
  CHECK(read({R"({"response":7})"}).facts.usage.empty());
}

TEST_CASE("an answer that breaks off teaches nothing, however it is broken") {
  for (std::size_t size = 0; size < kResponse.size(); ++size) {
    CAPTURE(size);
    const AnswerFacts facts = read({kResponse.substr(0, size)}).facts;
    CHECK(facts.response_id.empty());
    CHECK(facts.usage.empty());
  }
  CHECK(read({kResponse + "}"}).facts.response_id.empty());
}

TEST_CASE("a background response says so") {
  CHECK_FALSE(read({kResponse}).facts.background);
  CHECK(read({R"({"id":"resp_1","object":"response","background":true})"}).facts.background);
  CHECK_FALSE(read({R"({"id":"resp_1","object":"response","background":1})"}).facts.background);
}

TEST_CASE("the outcome is the response's status") {
  const auto state_of = [](const std::string& status) {
    return read({R"({"id":"resp_1","object":"response","status":")" + status + "\"}"}).facts.state;
  };
  CHECK(state_of("incomplete") == AnswerState::incomplete);
  CHECK(state_of("cancelled") == AnswerState::failed);
  CHECK(state_of("queued") == AnswerState::open);
  const AnswerFacts failed =
      read({R"({"id":"resp_1","status":"failed","error":{"code":"server_error"}})"}).facts;
  CHECK(failed.state == AnswerState::failed);
  CHECK(failed.error_code == "server_error");
}

TEST_CASE("a conversation teaches its id, other objects nothing") {
  const AnswerFacts conversation = read({R"({"id":"conv_7","object":"conversation"})"}).facts;
  CHECK(conversation.conversation_id == "conv_7");
  CHECK(conversation.response_id.empty());
  for (const std::string other :
       {R"({"object":"list","id":"x","data":[]})", R"({"object":"model","id":"gpt"})", "[1,2]",
        "\"text\"", "null", "{}", "<html>", "", R"({"id":17,"usage":"none"})"}) {
    CAPTURE(other);
    const AnswerFacts facts = read({other}).facts;
    CHECK(facts.response_id.empty());
    CHECK(facts.conversation_id.empty());
    CHECK(facts.usage.empty());
  }
}

TEST_CASE("the body of an error teaches its code") {
  const std::string body =
      R"({"error":{"message":"m","type":"invalid_request_error","code":"context_length"}})";
  CHECK(read({body}, Learn::error).facts.error_code == "context_length");
  CHECK(read({R"({"error":{"type":"server_error","code":null}})"}, Learn::error).facts.error_code ==
        "server_error");
  CHECK(read({"<html>Bad Gateway</html>"}, Learn::error).facts.error_code.empty());
  CHECK(read({R"({"error":"text"})"}, Learn::error).facts.error_code.empty());
}

TEST_CASE("however a small answer is cut, it goes out in one piece, and only at its end") {
  testing::for_all_splits(kResponse.substr(0, 60), [&](const std::vector<std::string>& pieces) {
    DocumentReading reader(Learn::object);
    for (const std::string& piece : pieces) REQUIRE(reader.read(piece).empty());
    REQUIRE(reader.finish() == kResponse.substr(0, 60));
  });
}

TEST_CASE("a larger answer flows, but for its end") {
  const std::string text = response_of(1'000'000);
  for (const std::size_t chunk : {std::size_t{1'000}, std::size_t{65'536}, text.size()}) {
    const ReadAnswer answer = read(in_chunks(text, chunk));
    CHECK(answer.facts.response_id == "resp_1");
  }
  DocumentReading reader(Learn::object);
  std::size_t forwarded = 0;
  const auto pieces = in_chunks(text, 50'000);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    forwarded += reader.read(pieces[i]).size();
    if (i > 1) CHECK(forwarded == i * 50'000);  // all but the newest piece
  }
}

TEST_CASE("an answer over the limit passes unread") {
  const std::string text = response_of(DocumentReader::kReadable + 1);
  for (const std::size_t chunk : {std::size_t{1 << 20}, text.size() - 1, text.size()}) {
    CHECK(read(in_chunks(text, chunk)).facts.response_id.empty());
  }
  CHECK(read(in_chunks(response_of(DocumentReader::kReadable), 1 << 20)).facts.response_id ==
        "resp_1");
}

TEST_CASE("what is not to be read is not held either") {
  DocumentReading reader(Learn::nothing);
  CHECK(reader.read(kResponse) == kResponse);
  CHECK(reader.finish().empty());
  CHECK(reader.facts().response_id.empty());
  CHECK(reader.facts().complete);
}

}  // namespace responses_proxy
