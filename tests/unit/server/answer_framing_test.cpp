#include "server/answer_framing.h"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

const WallTime kNow = testing::ManualClock().wall();
constexpr const char* kDate = "date: Sat, 21 Nov 2026 00:00:00 GMT\r\n";

struct Answer {
  std::string bytes;
  bool keep_alive = false;
};

ResponseHead head_of(int status, Headers headers = {}, std::optional<std::uint64_t> length = {}) {
  return {status, std::move(headers), length};
}

// The head leaves first, then each piece.
Answer streamed(const ResponseHead& head, const std::vector<std::string>& pieces,
                const AnswerTerms& terms = {}) {
  Answer answer;
  AnswerFraming framing(head, terms, kNow, nullptr, answer.bytes);
  for (const std::string& piece : pieces) framing.body(piece, answer.bytes);
  framing.end(answer.bytes);
  answer.keep_alive = framing.keep_alive();
  return answer;
}

// All of it is known when the head leaves.
Answer whole(const ResponseHead& head, std::string_view body, const AnswerTerms& terms = {}) {
  Answer answer;
  AnswerFraming framing(head, terms, kNow, &body, answer.bytes);
  framing.body(body, answer.bytes);
  framing.end(answer.bytes);
  answer.keep_alive = framing.keep_alive();
  return answer;
}

std::string status_line(const char* status) {
  return std::string("HTTP/1.1 ") + status + "\r\n";
}

}  // namespace

TEST_CASE("a body that is known has a length, one that comes has chunks") {
  const Answer known = whole(head_of(200, {{"a", "b"}}), "hello");
  CHECK(known.bytes ==
        status_line("200 OK") + "a: b\r\n" + kDate + "content-length: 5\r\n\r\nhello");
  CHECK(known.keep_alive);
  const Answer coming = streamed(head_of(200), {"hel", "", "lo"});
  CHECK(coming.bytes == status_line("200 OK") + kDate +
                            "transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  CHECK(coming.keep_alive);
  CHECK(whole(head_of(200), "").bytes ==
        status_line("200 OK") + kDate + "content-length: 0\r\n\r\n");
}

TEST_CASE("never more than the announced length") {
  const Answer answer = streamed(head_of(200, {}, 5), {"hel", "lo wor", "ld"});
  CHECK(answer.bytes == status_line("200 OK") + kDate + "content-length: 5\r\n\r\nhello");
  CHECK(answer.keep_alive);
  CHECK(whole(head_of(200, {}, 5), "hello world").bytes == answer.bytes);
}

TEST_CASE("fewer than the announced length end the connection") {
  CHECK_FALSE(streamed(head_of(200, {}, 5), {"hell"}).keep_alive);
  CHECK_FALSE(whole(head_of(200, {}, 5), "").keep_alive);
  CHECK(streamed(head_of(200, {}, 5), {"hello"}).keep_alive);
}

TEST_CASE("an event stream has no length") {
  for (const char* type : {"text/event-stream", "Text/Event-Stream; charset=utf-8"}) {
    const Answer answer = streamed(head_of(200, {{"content-type", type}}, 3), {"data: x\n\n"});
    CHECK(answer.bytes.find("content-length") == std::string::npos);
    CHECK(answer.bytes.ends_with("\r\n\r\n9\r\ndata: x\n\n\r\n0\r\n\r\n"));
    CHECK(whole(head_of(200, {{"content-type", type}}, 3), "data: x\n\n").bytes == answer.bytes);
  }
}

TEST_CASE("answers without a body") {
  for (const int status : {204, 304}) {
    const Answer answer = streamed(head_of(status, {}, 5), {"hello"});
    CHECK(answer.bytes.ends_with(std::string(kDate) + "\r\n"));
    CHECK(answer.keep_alive);
  }
  const Answer reset = streamed(head_of(205), {"hello"});
  CHECK(reset.bytes == status_line("205 Reset Content") + kDate + "content-length: 0\r\n\r\n");
  CHECK(reset.keep_alive);
}

TEST_CASE("HEAD gets the head of GET") {
  AnswerTerms terms;
  terms.head_request = true;
  CHECK(whole(head_of(200, {}, 5), "hello", terms).bytes ==
        status_line("200 OK") + kDate + "content-length: 5\r\n\r\n");
  CHECK(whole(head_of(200), "hello", terms).bytes ==
        status_line("200 OK") + kDate + "content-length: 5\r\n\r\n");
  const Answer unknown = whole(head_of(200), "", terms);
  CHECK(unknown.bytes == status_line("200 OK") + kDate + "transfer-encoding: chunked\r\n\r\n");
  CHECK(unknown.keep_alive);
  const Answer coming = streamed(head_of(200), {"hello"}, terms);
  CHECK(coming.bytes == unknown.bytes);
  CHECK(coming.keep_alive);
  CHECK(whole(head_of(200, {}, 5), "", terms).keep_alive);  // nothing is missing
}

TEST_CASE("HTTP/1.0 has no chunks") {
  AnswerTerms terms;
  terms.http_1_0 = true;
  const Answer coming = streamed(head_of(200), {"hel", "lo"}, terms);
  CHECK(coming.bytes == status_line("200 OK") + kDate + "connection: close\r\n\r\nhello");
  CHECK_FALSE(coming.keep_alive);
  const Answer known = whole(head_of(200), "hello", terms);
  CHECK(known.bytes ==
        status_line("200 OK") + kDate + "content-length: 5\r\nconnection: keep-alive\r\n\r\nhello");
}

TEST_CASE("the last answer says so") {
  AnswerTerms terms;
  terms.keep_alive = false;
  const Answer answer = whole(head_of(200), "", terms);
  CHECK(answer.bytes.ends_with("connection: close\r\n\r\n"));
  CHECK_FALSE(answer.keep_alive);
}

TEST_CASE("no field brings another framing, or ends the head") {
  using namespace std::string_literals;
  const Answer answer = whole(head_of(200, {{"Content-Length", "99"},
                                            {"Transfer-Encoding", "gzip"},
                                            {"keep-alive", "timeout=5"},
                                            {"a b", "c"},
                                            {"", "c"},
                                            {"x", "a\r\ncontent-length: 0"},
                                            {"y", "a\nb"},
                                            {"z", "a\0b"s},
                                            {"kept", "1"}}),
                              "hello");
  CHECK(answer.bytes ==
        status_line("200 OK") + "kept: 1\r\n" + kDate + "content-length: 5\r\n\r\nhello");
}

TEST_CASE("the upstream's own date stays") {
  const Answer answer = whole(head_of(200, {{"Date", "Fri, 20 Nov 2026 23:59:59 GMT"}}), "");
  CHECK(answer.bytes.find("Date: Fri, 20 Nov 2026 23:59:59 GMT\r\n") != std::string::npos);
  CHECK(answer.bytes.find(kDate) == std::string::npos);
}

TEST_CASE("an answer has the date of its own second, whatever the one before had") {
  const auto date_at = [](std::int64_t seconds) {
    std::string bytes;
    const AnswerFraming framing(head_of(200), {}, WallTime(std::chrono::seconds(seconds)), nullptr,
                                bytes);
    return bytes.substr(bytes.find("date: ") + 6, 29);
  };
  CHECK(date_at(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date_at(784111778) == "Sun, 06 Nov 1994 08:49:38 GMT");
  CHECK(date_at(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date_at(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("only a final status is an answer") {
  for (const int status : {0, 99, 100, 101, 199, 1000, -1}) {
    CHECK_FALSE(AnswerFraming::can_send(status));
  }
  for (const int status : {200, 404, 599, 999}) CHECK(AnswerFraming::can_send(status));
}

TEST_CASE("dates of HTTP") {
  CHECK(http_date(kNow) == "Sat, 21 Nov 2026 00:00:00 GMT");
  CHECK(http_date(WallTime(std::chrono::seconds(784111777))) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace responses_proxy
