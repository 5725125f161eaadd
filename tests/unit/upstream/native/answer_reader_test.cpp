#include "upstream/native/answer_reader.h"

#include <doctest/doctest.h>

#include <vector>

#include "fakes/compressed.h"

namespace responses_proxy {

namespace {

using testing::gzip;
using testing::zstd;
using Found = AnswerReader::Found;

struct Answer {
  int heads = 0;
  int status = 0;
  std::string fields;
  std::string body;
  bool ended = false;
  std::string behind;
  UpstreamError error = UpstreamError::none;
  std::string fault;

  bool operator==(const Answer&) const = default;
};

// As a transfer does it, with `step` bytes of each read; `pauses`: after every piece, so that what
// is left of a read has to be kept.
class Reading {
 public:
  Reading(std::size_t step, bool pauses, bool head_request = false)
      : step_(step), pauses_(pauses), reader_(head_request, true) {}

  Answer read(std::string_view all) {
    while (!all.empty() && !over_) {
      const std::string_view now = all.substr(0, step_);
      all.remove_prefix(now.size());
      kept_.append(now);
      take();
    }
    if (over_) {
      answer_.behind = kept_ + std::string(all);
    } else {
      note(reader_.lose(true));
    }
    return answer_;
  }

 private:
  void take() {
    // A buffer of its own each time: what is not kept is gone.
    auto buffer = std::make_unique<std::string>(std::exchange(kept_, {}));
    std::string_view bytes = *buffer;
    for (;;) {
      const Found found = reader_.next(bytes);
      if (found == Found::piece) CHECK_FALSE(reader_.piece().empty());
      note(found);
      if (over_ || found == Found::more) break;
      if (!pauses_) continue;
      reader_.keep();
      auto next = std::make_unique<std::string>(bytes);
      buffer->assign(buffer->size(), '!');
      buffer = std::move(next);
      bytes = *buffer;
    }
    kept_ = bytes;
  }

  void note(Found found) {
    switch (found) {
      case Found::more:
        break;
      case Found::head:
        ++answer_.heads;
        answer_.status = reader_.status();
        for (const Header& field : reader_.headers()) {
          answer_.fields.append(field.name).append("=").append(field.value).append(";");
        }
        break;
      case Found::piece:
        answer_.body.append(reader_.piece());
        break;
      case Found::end:
        over_ = answer_.ended = true;
        break;
      case Found::refused:
        over_ = true;
        answer_.error = reader_.error();
        answer_.fault = reader_.fault();
        break;
    }
  }

  const std::size_t step_;
  const bool pauses_;
  AnswerReader reader_;
  std::string kept_;
  bool over_ = false;
  Answer answer_;
};

Answer whole(std::string_view all, bool head_request = false) {
  return Reading(all.size(), false, head_request).read(all);
}

// However it arrives and however often it is paused, it is the same.
void check_in_pieces(std::string_view all) {
  const Answer expected = whole(all);
  for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U, 100'000U}) {
    for (const bool pauses : {false, true}) {
      CAPTURE(step);
      CAPTURE(pauses);
      Answer got = Reading(step, pauses).read(all);
      // A refusal may come before all has been looked at.
      if (expected.error != UpstreamError::none) got.behind = expected.behind;
      CHECK(got == expected);
    }
  }
}

std::string coded(const std::string& coding, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Encoding: " + coding +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("answers are read the same in whatever pieces they come") {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n";
  for (const std::string& all : std::vector<std::string>{
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Folded: a\r\n b\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n",
           "HTTP/1.0 200\r\nX: y\r\n\r\nuntil the end",
           "HTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\nbehind",
           chunked + "5\r\nhello\r\n10;a=b\r\n0123456789abcdef\r\n0\r\nX-T: 1\r\n\r\nbehind",
           chunked + "5\r\nhel",
           chunked + "zz\r\nhello\r\n",
           chunked + "5\r\nhelloX\r\n",
           "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
           "HTTP/1.1 101 X\r\n\r\n",
           "HTTP/1.1 2000 X\r\n\r\n",
           "HTTP/2 200\r\n\r\n",
           "HTTQ",
           "hello",
           "HTTP/1.1 2",
           "",
           coded("gzip, zstd", zstd(gzip(std::string(300'000, 'x')))),
           coded("gzip", gzip("text").substr(0, 12)),
           coded("zstd", "none")}) {
    CAPTURE(all.substr(0, 100));
    check_in_pieces(all);
  }
}

TEST_CASE("what stands in an answer") {
  const Answer answer = whole(
      "HTTP/1.1 201 Yes\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n0\r\n\r\nnext");
  CHECK(answer.heads == 1);
  CHECK(answer.status == 201);
  CHECK(answer.fields == "A=b;");
  CHECK(answer.body == "hello");
  CHECK(answer.ended);
  CHECK(answer.behind == "next");
  const Answer head = whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true);
  CHECK(head.ended);
  CHECK(head.body.empty());
  CHECK(whole("HTTP/1.1 200 OK\r\nA: b").error == UpstreamError::closed);
  CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell").error ==
        UpstreamError::truncated);
  CHECK(whole(coded("gzip", "")).ended);
}

TEST_CASE("a field's value begins and ends with text, whatever stood around it") {
  using namespace std::string_literals;
  const Answer answer =
      whole("HTTP/1.1 200 OK\r\nX:  \0a\1b\r \r\nContent-Length: \0002\0\r\n\r\nok"s);
  CHECK(answer.fields == "X=a b;Content-Length=2;");
  CHECK(answer.body == "ok");
}

TEST_CASE("what may follow on the connection") {
  const auto leaves = [](std::string_view all) {
    AnswerReader reader(false, true);
    REQUIRE(reader.next(all) == Found::head);
    return reader.leaves_connection();
  };
  CHECK(leaves("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  CHECK(leaves("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"));
  CHECK(leaves("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  CHECK_FALSE(leaves("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n"));
  CHECK_FALSE(leaves("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  CHECK_FALSE(leaves("HTTP/1.1 200 OK\r\n\r\n"));
  CHECK_FALSE(leaves("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

TEST_CASE("lines that do not end are not waited for") {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string line(2 * ChunkedBody::kMaxLineBytes, 'a');
  constexpr std::size_t kStep = 1000;
  CHECK(Reading(kStep, false).read(head + "5;" + line + "\r\nhello").error ==
        UpstreamError::truncated);
  CHECK(Reading(kStep, false).read(head + "0\r\nX: " + line + "\r\n\r\n").error ==
        UpstreamError::truncated);
  const std::string endless(UpstreamClient::kMaxHeadBytes + kStep, 'a');
  const Answer answer = Reading(kStep, false).read("HTTP/1.1 200 OK\r\n" + endless);
  CHECK(answer.error == UpstreamError::protocol);
  CHECK(answer.fault.find("more than") != std::string::npos);
}

}  // namespace responses_proxy
