#include "server/request_body.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>

namespace responses_proxy {

namespace {

constexpr std::uint64_t kMaxBytes = 1000;

RequestHead with_length(std::uint64_t length) {
  RequestHead head;
  head.content_length = length;
  return head;
}

RequestHead in_chunks() {
  RequestHead head;
  head.chunked = true;
  return head;
}

struct Outcome {
  std::string body;
  std::size_t used = 0;
  bool done = false;
  int status = 0;  // of the error
};

Outcome read(const RequestHead& head, std::string_view bytes, std::size_t piece) {
  RequestBodyReader reader(head, kMaxBytes);
  Outcome outcome;
  while (!reader.done() && outcome.used < bytes.size()) {
    const auto used = reader.read(bytes.substr(outcome.used, piece));
    if (!used) {
      outcome.status = used.error().status;
      return outcome;
    }
    outcome.used += *used;
  }
  outcome.done = reader.done();
  if (outcome.done) outcome.body = reader.take();
  return outcome;
}

}  // namespace

TEST_CASE("a body by its length leaves what follows") {
  for (const std::size_t piece : {1U, 2U, 100U}) {
    const Outcome outcome = read(with_length(5), "helloGET", piece);
    CHECK(outcome.done);
    CHECK(outcome.body == "hello");
    CHECK(outcome.used == 5);
  }
  CHECK_FALSE(read(with_length(5), "hell", 100).done);
  CHECK(RequestBodyReader(with_length(0), kMaxBytes).done());
  CHECK(RequestBodyReader(RequestHead(), kMaxBytes).done());
}

TEST_CASE("a body is read to where it stays, as far as it is announced") {
  const std::string body = [] {
    std::string text;
    for (int i = 0; text.size() < 200'000; ++i) text += std::to_string(i) + ' ';
    return text;
  }();
  for (const std::size_t piece : {1'000U, 16'384U, 200'000U}) {
    for (const std::size_t copied : {0U, 1U, 15'000U, 70'000U}) {
      CAPTURE(piece);
      CAPTURE(copied);
      RequestBodyReader reader(with_length(body.size()), body.size());
      REQUIRE(*reader.read(std::string_view(body).substr(0, copied)) == copied);
      std::size_t have = copied;
      while (!reader.done()) {
        const std::span<char> room = reader.room();
        REQUIRE_FALSE(room.empty());
        REQUIRE(room.size() <= body.size() - have);
        const std::size_t come = std::min(piece, room.size());
        std::copy_n(body.begin() + static_cast<std::ptrdiff_t>(have), come, room.begin());
        reader.filled(come);
        have += come;
      }
      CHECK(reader.room().empty());
      CHECK(reader.take() == body);
    }
  }
}

TEST_CASE("no room is made for chunks, nor for what is announced only") {
  CHECK(RequestBodyReader(in_chunks(), kMaxBytes).room().empty());
  CHECK(RequestBodyReader(with_length(0), kMaxBytes).room().empty());
  CHECK(RequestBodyReader(with_length(kMaxBytes + 1), kMaxBytes).room().empty());
  constexpr std::uint64_t kMuch = 100'000'000;
  RequestBodyReader reader(with_length(kMuch), kMuch);
  CHECK(reader.room().size() <= 16 * 1024);
  reader.filled(100);
  CHECK(reader.room().size() <= 16 * 1024 - 100);
}

TEST_CASE("a length over the limit is known before any of the body has come") {
  CHECK(RequestBodyReader(with_length(kMaxBytes), kMaxBytes).read(""));
  RequestBodyReader reader(with_length(kMaxBytes + 1), kMaxBytes);
  CHECK(reader.read("").error().status == 413);
  RequestBodyReader huge(with_length(~std::uint64_t{0}), kMaxBytes);
  CHECK(huge.read("").error().code == "body_too_large");
}

TEST_CASE("chunks, however they are cut") {
  struct {
    const char* what;
    std::string bytes;
    std::string body;
  } const rows[] = {
      {"none", "0\r\n\r\n", ""},
      {"one", "5\r\nhello\r\n0\r\n\r\n", "hello"},
      {"several", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"},
      {"hexadecimal", "A\r\n0123456789\r\n0b\r\n0123456789a\r\n000\r\n\r\n",
       "01234567890123456789a"},
      {"lines in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"},
      {"extensions", "5;a=b;c=\"d e\"\r\nhello\r\n0;x\r\n\r\n", "hello"},
      {"trailers", "5\r\nhello\r\n0\r\nAuthorization: Bearer x\r\nX-Proxy-Pool-ID: y\r\n\r\n",
       "hello"},
  };
  for (const auto& row : rows) {
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
      CAPTURE(row.what);
      CAPTURE(piece);
      const Outcome outcome = read(in_chunks(), row.bytes + "GET /", piece);
      CHECK(outcome.status == 0);
      CHECK(outcome.done);
      CHECK(outcome.body == row.body);
      CHECK(outcome.used == row.bytes.size());
    }
  }
}

TEST_CASE("what is no chunk") {
  using namespace std::string_literals;
  for (const std::string& bytes : {"\r\n"s,
                                   "x\r\n"s,
                                   "-1\r\n"s,
                                   "+1\r\na\r\n"s,
                                   "0x1\r\na\r\n"s,
                                   " 1\r\na\r\n"s,
                                   "1 \r\na\r\n"s,
                                   "1\na\r\n"s,
                                   "5\r\nhello0\r\n\r\n"s,
                                   "5\r\nhello\n0\r\n\r\n"s,
                                   "5\r\nhello\rx"s,
                                   "5\r\nhelloworld\r\n"s,
                                   "11111111111111111\r\n"s,
                                   "fffffffffffffffff\r\n"s,
                                   "1;a\rb\r\n"s,
                                   "1;a\0b\r\n"s,
                                   "0\r\nno field\r\n\r\n"s,
                                   "0\r\na: b\n\r\n"s,
                                   "0\r\n\n"s,
                                   "0\r\n folded\r\n\r\n"s}) {
    CAPTURE(bytes);
    CHECK(read(in_chunks(), bytes, 1000).status == 400);
    CHECK(read(in_chunks(), bytes, 1).status == 400);
  }
}

TEST_CASE("more data than the chunk announced is said before a line ends") {
  CHECK(read(in_chunks(), "1\r\nab", 1000).status == 400);
}

TEST_CASE("chunks over the limit") {
  CHECK(read(in_chunks(), "3e9\r\n", 1000).status == 413);
  CHECK(read(in_chunks(), "ffffffffffffffff\r\n", 1000).status == 413);
  std::string bytes;
  for (int i = 0; i < 10; ++i) bytes += "64\r\n" + std::string(100, 'a') + "\r\n";
  CHECK(read(in_chunks(), bytes + "0\r\n\r\n", 1000).done);
  CHECK(read(in_chunks(), bytes + "1\r\n", 1000).status == 413);
}

TEST_CASE("what is dropped is bounded") {
  const std::string extension = ";" + std::string(RequestBodyReader::kMaxLine - 100, 'x');
  const std::string chunk = "1" + extension + "\r\na\r\n";
  CHECK(read(in_chunks(), chunk + chunk + chunk + chunk + "0\r\n\r\n", 1000).done);
  CHECK(read(in_chunks(), chunk + chunk + chunk + chunk + chunk, 1000).status == 400);
  CHECK(read(in_chunks(), "1;" + std::string(RequestBodyReader::kMaxLine, 'x'), 1).status == 400);
  std::string trailers;
  for (int i = 0; i < 5000; ++i) trailers += "a: b\r\n";
  CHECK(read(in_chunks(), "0\r\n" + trailers, 1000).status == 400);
}

}  // namespace responses_proxy
