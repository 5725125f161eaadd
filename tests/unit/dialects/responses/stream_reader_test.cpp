#include "dialects/responses/stream_reader.h"

#include <doctest/doctest.h>

#include "core/json.h"
#include "unit/dialects/responses/read_answer.h"
#include "unit/dialects/splits.h"

namespace responses_proxy {

namespace {

using testing::read_answer;
using testing::ReadAnswer;
using testing::same_facts;
using testing::StreamReading;

ReadAnswer read_whole(const std::string& bytes) {
  StreamReading reader;
  ReadAnswer answer = read_answer(reader, {bytes});
  CHECK(answer.out == bytes);
  return answer;
}

std::string event(const std::string& type, const std::string& rest) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + rest + "}\n\n";
}

const std::string kCreated =
    event("response.created",
          R"(,"sequence_number":0,"response":{"id":"resp_1","status":"in_progress","usage":null})");
const std::string kDelta =
    event("response.output_text.delta", R"(,"sequence_number":1,"delta":"日\"usage\":")");
const std::string kUsage =
    R"({"input_tokens":11,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,)"
    R"("output_tokens_details":{"reasoning_tokens":2},"total_tokens":18})";
const std::string kCompleted =
    event("response.completed", R"(,"sequence_number":2,"response":{"id":"resp_1","usage":)" +
                                    kUsage + R"(,"conversation":{"id":"conv_1"}})");

}  // namespace

TEST_CASE("a completed stream: id, conversation, usage") {
  const ReadAnswer answer = read_whole(kCreated + kDelta + kCompleted);
  CHECK(answer.facts.response_id == "resp_1");
  CHECK(answer.facts.conversation_id == "conv_1");
  CHECK(answer.facts.usage == TokenUsage{11, 7, 18, 4, 2});
  CHECK(answer.facts.state == AnswerState::completed);
  CHECK(answer.facts.complete);
  CHECK(answer.facts.error_code.empty());
}

TEST_CASE("the id is known with the first event, the end is not") {
  StreamReading reader;
  CHECK_FALSE(reader.facts().complete);
  CHECK(reader.read(kCreated) == kCreated);
  CHECK(reader.facts().response_id == "resp_1");
  CHECK(reader.facts().state == AnswerState::open);
  CHECK_FALSE(reader.facts().complete);
  reader.read(kDelta);
  reader.read(kCompleted.substr(0, kCompleted.size() - 1));
  CHECK_FALSE(reader.facts().complete);
  CHECK(reader.read("\n") == kCompleted);
  CHECK(reader.facts().complete);
}

TEST_CASE("only what announces a response has no substance") {
  StreamReading reader;
  reader.read(kCreated + event("response.queued", "") + event("response.in_progress", ""));
  CHECK_FALSE(reader.facts().substance);
  reader.read(": ping\n\n");
  CHECK_FALSE(reader.facts().substance);
  reader.read(kDelta);
  CHECK(reader.facts().substance);
}

TEST_CASE("an incomplete, a failed and a broken stream end as what they are") {
  ReadAnswer answer =
      read_whole(kCreated + event("response.incomplete", R"(,"response":{"id":"resp_1"})"));
  CHECK(answer.facts.state == AnswerState::incomplete);
  CHECK(answer.facts.complete);

  answer = read_whole(kCreated + event("response.failed",
                                       R"(,"response":{"id":"resp_1","error":{"code":)"
                                       R"("rate_limit_exceeded","message":"x"},"usage":null})"));
  CHECK(answer.facts.state == AnswerState::failed);
  CHECK(answer.facts.error_code == "rate_limit_exceeded");
  CHECK(answer.error.message == "x");
  CHECK(answer.facts.complete);

  answer = read_whole(event("error", R"(,"code":"server_is_overloaded","message":"x")"));
  CHECK(answer.facts.state == AnswerState::failed);
  CHECK(answer.facts.error_code == "server_is_overloaded");

  answer = read_whole(event("error", R"(,"error":{"type":"too_many_requests","code":null})"));
  CHECK(answer.facts.error_code == "too_many_requests");
}

TEST_CASE("a stream without a terminal event is not complete") {
  CHECK_FALSE(read_whole(kCreated + kDelta).facts.complete);
  CHECK_FALSE(read_whole(kCreated + kDelta + "data: [DONE]\n\n").facts.complete);
  CHECK_FALSE(read_whole("").facts.complete);
  CHECK_FALSE(read_whole(": ping\n\n").facts.complete);
  CHECK_FALSE(read_whole("data: [DONE]\n\n").facts.complete);
}

TEST_CASE("event names are not needed, blanks and [DONE] do no harm") {
  const auto unnamed = [](const std::string& named) { return named.substr(named.find("data:")); };
  ReadAnswer answer =
      read_whole(unnamed(kCreated) + unnamed(kDelta) + unnamed(kCompleted) + "data: [DONE]\n\n");
  CHECK(answer.facts.response_id == "resp_1");
  CHECK(answer.facts.usage.total == 18);
  CHECK(answer.facts.complete);
  CHECK_FALSE(read_whole(unnamed(kCreated) + unnamed(kDelta)).facts.complete);

  const std::string spaced_delta = R"(data: {"type": "response.output_text.delta", "delta": "x"})"
                                   "\n\n";
  CHECK_FALSE(read_whole(spaced_delta).facts.complete);
  answer = read_whole(spaced_delta +
                      R"(data: {"type" : "response.completed", "response": {"id": "resp_2"}})"
                      "\n\n");
  CHECK(answer.facts.complete);
  CHECK(answer.facts.response_id == "resp_2");
}

TEST_CASE("a stream in another dialect passes, with the usage of its last chunk") {
  const std::string chunk = R"(data: {"id":"chatcmpl-1","choices":[{"delta":{"content":"a"}}]})"
                            "\n\n";
  const std::string last = R"(data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":3,)"
                           R"("completion_tokens":4,"total_tokens":7}})"
                           "\n\n";
  const ReadAnswer answer = read_whole(chunk + last + "data: [DONE]\n\n");
  CHECK(answer.facts.usage.input == 3);
  CHECK(answer.facts.usage.output == 4);
  CHECK(answer.facts.complete);  // its end has no event of ours
  CHECK(answer.facts.response_id.empty());
}

TEST_CASE("usage that comes only in the last event wins over an earlier one") {
  const ReadAnswer answer = read_whole(
      event("response.created", R"(,"response":{"id":"resp_1","usage":{"input_tokens":1}})") +
      kCompleted);
  CHECK(answer.facts.usage.input == 11);
}

TEST_CASE("the type is that of the JSON's top level, wherever it stands there") {
  const auto ends = [](const std::string& stream) { return read_whole(stream).facts.state; };
  const std::string late = R"(data: {"response":{"id":"resp_1","output":[{"type":"message"}]},)"
                           R"("type":"response.completed"})"
                           "\n\n";
  CHECK(ends(kCreated + late) == AnswerState::completed);
  CHECK(ends(kCreated + R"(data: {"\u0074ype":"response.failed"})"
                        "\n\n") == AnswerState::failed);
  // The "event:" line counts only where the JSON says nothing; that is what clients go by.
  CHECK(ends(kCreated + "event: response.output_text.delta\n" + late) == AnswerState::completed);
  CHECK(ends(kCreated + "event: response.completed\n" +
             R"(data: {"type":"response.created"})"
             "\n\n") == AnswerState::open);
  CHECK(ends(kCreated + R"(data: {"item":{"type":"response.completed"},"type":"response.x"})"
                        "\n\n") == AnswerState::open);
  CHECK(ends(kCreated + R"(data: {"item":{"type":"response.completed"}})"
                        "\n\n") == AnswerState::open);
}

TEST_CASE("the first terminal event is the end") {
  const ReadAnswer answer = read_whole(
      kCreated + kCompleted + event("response.failed", R"(,"response":{"error":{"code":"x"}})"));
  CHECK(answer.facts.state == AnswerState::completed);
  CHECK(answer.facts.error_code.empty());
}

TEST_CASE("an answer that was steered goes on") {
  const std::string steered =
      event("response.incomplete",
            R"(,"response":{"id":"resp_1","incomplete_details":{"reason":"steered"}})");
  CHECK_FALSE(read_whole(kCreated + kDelta + steered).facts.complete);
  const ReadAnswer answer = read_whole(kCreated + kDelta + steered + kCreated + kCompleted);
  CHECK(answer.facts.state == AnswerState::completed);
  CHECK(answer.facts.usage.total == 18);
}

TEST_CASE("line ends of any kind, cut at any byte") {
  const auto with = [](std::string text, const std::string& line_end) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;
         at += line_end.size()) {
      text.replace(at, 1, line_end);
    }
    return text;
  };
  const std::string stream =
      kCreated + ": ping\n\n" + event("response.incomplete", R"(,"response":{"id":"resp_1"})");
  for (const std::string line_end : {"\r", "\r\n", "\n"}) {
    CAPTURE(line_end.size());
    const std::string bytes = "\xEF\xBB\xBF" + with(stream, line_end);
    testing::for_all_splits(bytes, [&](const std::vector<std::string>& pieces) {
      StreamReading reader;
      const ReadAnswer answer = read_answer(reader, pieces);
      REQUIRE((answer.out == bytes));
      REQUIRE(answer.facts.response_id == "resp_1");
      REQUIRE(answer.facts.state == AnswerState::incomplete);
    });
  }
}

TEST_CASE("a stream that is cut inside its last event has no end, and no half event") {
  const std::string head = kCreated + kDelta;
  // Up to the closing brace something is missing; behind it, line ends alone.
  const std::size_t whole_json = kCompleted.size() - 2;
  for (std::size_t length = 0; length <= kCompleted.size(); ++length) {
    CAPTURE(length);
    StreamReading reader;
    const ReadAnswer answer = read_answer(reader, {head + kCompleted.substr(0, length)});
    REQUIRE(answer.facts.complete == (length >= whole_json));
    if (length < whole_json) {
      REQUIRE(answer.out == head);
      REQUIRE(reader.failure("cut"));
    } else {
      REQUIRE(answer.out.starts_with(head + kCompleted));
      REQUIRE(answer.facts.usage.total == 18);
    }
  }
}

TEST_CASE("a last event without its blank line gets one if its JSON is whole") {
  const std::string cut = kDelta.substr(0, kDelta.size() - 2);
  for (const std::string end : {"", "\n", "\r", "\r\n"}) {
    StreamReading reader;
    const ReadAnswer answer = read_answer(reader, {kCreated + cut + end});
    CHECK(answer.out.starts_with(kCreated + cut + end + "\n"));
    CHECK_FALSE(answer.facts.complete);
  }
  for (const std::string rest : {"event: response.completed\n", ": pi", "data: [DON", "id: 7\n"}) {
    CAPTURE(rest);
    StreamReading reader;
    CHECK(read_answer(reader, {kCreated + rest}).out == kCreated);
  }
}

TEST_CASE("an event that no client could read is left out, and is no end") {
  const std::string half = kCompleted.substr(0, kCompleted.size() / 2) + "\n\n";
  const std::string unnamed = half.substr(half.find("data:"));
  const std::string inside = event("response.completed", R"(,"response":{"id":oops})");
  const std::string with_cr = "event: response.completed\rdata: {\"a\":\r\r\n";
  for (const std::string& broken : {half, unnamed, inside, with_cr}) {
    CAPTURE(broken);
    testing::for_all_splits(broken, [&](std::vector<std::string> pieces) {
      pieces.front() = kCreated + pieces.front();
      pieces.back() += kDelta;
      StreamReading reader;
      const ReadAnswer answer = read_answer(reader, pieces);
      REQUIRE(answer.out == kCreated + kDelta);
      REQUIRE_FALSE(answer.facts.complete);
    });
    StreamReading reader;
    CHECK(read_answer(reader, {broken + kCreated + broken + kCompleted}).out ==
          kCreated + kCompleted);
    CHECK(reader.facts().state == AnswerState::completed);
    StreamReading alone;
    CHECK(read_answer(alone, {broken}).out.empty());
    CHECK_FALSE(alone.facts().complete);
  }
}

TEST_CASE("a terminal event with values that only this parser cannot hold is the end") {
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  for (const std::string& value : {std::string(R"("\ud800")"), std::string("1e999"),
                                   std::string("123456789012345678901234567890"), deep}) {
    CAPTURE(value.substr(0, 40));
    CHECK(read_whole(kCreated + event("response.completed", R"(,"x":)" + value)).facts.complete);
    CHECK(read_whole(kCreated + event("response.failed", R"(,"x":)" + value)).facts.state ==
          AnswerState::failed);
  }
}

TEST_CASE("an event may say by its name alone that the stream has failed") {
  const AnswerFacts facts =
      read_whole("event: error\ndata: {\"error\":{\"code\":\"overloaded\"}}\n\n").facts;
  CHECK(facts.state == AnswerState::failed);
  CHECK(facts.error_code == "overloaded");
}

TEST_CASE("however the bytes are cut, output and facts are the same") {
  const std::string stream =
      ": hi\r\n\r\n" + kCreated + kDelta +
      event("response.failed", R"(,"response":{"id":"resp_1","error":{"code":"c"}})");
  const ReadAnswer whole = read_whole(stream);
  REQUIRE(whole.facts.error_code == "c");
  testing::for_all_splits(stream, [&](const std::vector<std::string>& pieces) {
    StreamReading reader;
    const ReadAnswer answer = read_answer(reader, pieces);
    REQUIRE((answer.out == stream));
    REQUIRE(same_facts(answer.facts, whole.facts));
  });
}

TEST_CASE("an event over the limit ends the answer behind the last whole event") {
  StreamReading reader;
  const std::string piece(1 << 20, 'x');
  CHECK(reader.read(kCreated + "event: response.output_text.delta\ndata: ") == kCreated);
  std::size_t held = 0;
  for (; !reader.facts().event_too_large && held <= kMaxEventBytes; held += piece.size()) {
    REQUIRE(reader.read(piece).empty());
  }
  CHECK(held == kMaxEventBytes);  // and the bytes before it
  CHECK(reader.read("\n\n" + kCompleted).empty());
  CHECK(reader.finish().empty());
  CHECK_FALSE(reader.facts().complete);
  CHECK(reader.failure("too large"));
}

TEST_CASE("a failure is a response.failed event that continues the stream") {
  StreamReading reader;
  reader.read(kCreated + kDelta + ": ping\n\n" + kDelta.substr(0, 20));
  const auto failure = reader.failure("It broke \"off\".");
  REQUIRE(failure);
  constexpr std::string_view kStart = "event: response.failed\ndata: ";
  REQUIRE(failure->starts_with(kStart));
  REQUIRE(failure->ends_with("}\n\n"));
  const Json data = Json::parse(failure->substr(kStart.size()));
  CHECK(data["type"] == "response.failed");
  CHECK(data["sequence_number"] == 2);
  CHECK(data["response"]["id"] == "resp_1");
  CHECK(data["response"]["object"] == "response");
  CHECK(data["response"]["status"] == "failed");
  CHECK(data["response"]["error"]["code"] == "server_error");
  CHECK(data["response"]["error"]["message"] == "It broke \"off\".");

  StreamReading client;  // the proxy's own words are understood by its own reader
  CHECK(client.read(*failure) == *failure);
  CHECK(client.facts().state == AnswerState::failed);
  CHECK(client.facts().error_code == "server_error");
}

TEST_CASE("a failure goes on from the last number that was seen") {
  const auto number_after = [](const std::string& stream) {
    StreamReading reader;
    reader.read(stream);
    const std::string failure = reader.failure("cut").value();
    return Json::parse(failure.substr(failure.find('{'))).at("sequence_number").get<int>();
  };
  const auto delta = [](const std::string& rest) {
    return event("response.output_text.delta", R"(,"delta":"x")" + rest);
  };
  CHECK(number_after("") == 0);
  CHECK(number_after(kCreated) == 1);
  // A stream that was resumed behind event 40, with a gap.
  CHECK(number_after(delta(R"(,"sequence_number":41)") + delta(R"(,"sequence_number": 44)")) == 45);
  CHECK(number_after(delta(R"(,"sequence_number":41)") + delta("")) == 43);  // one without
  CHECK(number_after(delta(R"(,"sequence_number":41)") + ": ping\n\n") == 42);
  // What is text, or no number, is none.
  CHECK(number_after(event("response.output_text.delta",
                           R"(,"delta":"\"sequence_number\":99","sequence_number":7)")) == 8);
  CHECK(number_after(
            event("response.created",
                  R"(,"response":{"metadata":{"sequence_number":"5"}},"sequence_number":0)")) == 1);
  CHECK(number_after(event("response.created",
                           R"(,"response":{"sequence_number":5},"sequence_number":0)")) == 1);
  CHECK(number_after(delta(R"(,"sequence_number":-3)")) == 1);
  CHECK(number_after(delta(R"(,"sequence_number":9223372036854775807)")) == 1);
}

TEST_CASE("a failed event says how long to stay away") {
  const auto asked = [](const std::string& error) {
    return read_whole(kCreated + event("response.failed",
                                       R"(,"response":{"id":"resp_1","error":)" + error + "}"))
        .error.headers;
  };
  const std::string code = R"({"code":"rate_limit_exceeded",)";
  CHECK(asked(code + R"("headers":{"retry-after":"7"}})").get("retry-after") == "7");
  CHECK(asked(code + R"("headers":{"Retry-After-Ms":250,"x":1}})").get("retry-after-ms") == "250");
  const Headers limits =
      asked(code + R"("headers":{"x-ratelimit-remaining-tokens":0,)"
                   R"("x-ratelimit-reset-tokens":"6m0s"},"message":"Please try again in 20s."})");
  CHECK(limits.get("x-ratelimit-reset-tokens") == "6m0s");
  CHECK(limits.get("retry-after-ms") == "20000");
  // The headers come before the message.
  CHECK(asked(code + R"("headers":{"retry-after":1},"message":"try again in 20s"})").size() == 1);
  struct {
    const char* message;
    const char* milliseconds;
  } const messages[] = {
      {"Limit reached. Please TRY AGAIN IN 1.5s. More words", "1500"},
      {"try again in250 ms", "250"},
      {"try again in\\n 3 seconds", "3000"},
      {"try again in a while, or try again in 2 second", "2000"},
      {"Please try again in 6m0s.", "360000"},
      {"try again in 1h2m3.5s", "3723500"},
      {"Please retry after 7 seconds.", "7000"},
      {"try again after 2 minutes", "120000"},
      {"try again in 5 moons", ""},
      {"try again in", ""},
      {"try again in -5s", ""},
      {"try again in infs", ""},
      {"", ""},
  };
  for (const auto& [message, milliseconds] : messages) {
    CAPTURE(message);
    CHECK(asked(code + R"("message":")" + message + "\"}").get("retry-after-ms") == milliseconds);
  }
  // What has a field of its own: ChatGPT plans; OpenRouter's copy of the provider's headers.
  CHECK(asked(code + R"("resets_at":1764201600})").get("retry-after") == "1764201600");
  CHECK(asked(code + R"("resets_in_seconds":90})").get("retry-after") == "90");
  const Headers copied = asked(
      code +
      R"("metadata":{"headers":{"X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1741305600000"}}})");
  CHECK(copied.get("x-ratelimit-remaining") == "0");
  CHECK(copied.get("x-ratelimit-reset") == "1741305600000");
  CHECK(asked(code + R"("headers":{"x-codex-primary-used-percent":100,"date":"x"}})").size() == 1);
  CHECK(asked(code + R"("headers":[],"message":7})").empty());
  CHECK(asked(code + R"("headers":{"retry-after":{},"retry-after-ms":null}})").empty());
  CHECK(read_whole(event("error", R"(,"code":"slow_down","headers":{"retry-after":"9"})"))
            .error.headers.get("retry-after") == "9");
  CHECK(read_whole(event("error", R"(,"error":{"code":"slow_down","headers":{"retry-after":"9"}})"))
            .error.headers.get("retry-after") == "9");
}

}  // namespace responses_proxy
