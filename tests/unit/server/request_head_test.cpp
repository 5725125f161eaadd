#include "server/request_head.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxBytes = 4096;

// All of it at once.
Result<RequestHead> read(const std::string& text) {
  RequestHeadReader reader(kMaxBytes);
  const auto used = reader.read(text);
  if (!used) return used.error();
  if (!reader.done()) return Error::invalid_request("incomplete", "");
  CHECK(*used == text.size());
  return reader.take();
}

// Byte by byte, as a connection would: what was not taken is offered again.
Result<RequestHead> read_slowly(const std::string& text) {
  RequestHeadReader reader(kMaxBytes);
  std::string pending;
  for (const char c : text) {
    pending += c;
    const auto used = reader.read(pending);
    if (!used) return used.error();
    pending.erase(0, *used);
  }
  if (!reader.done()) return Error::invalid_request("incomplete", "");
  return reader.take();
}

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("a head, whole and byte by byte") {
  const std::string text =
      "POST /v1/responses?a=b HTTP/1.1\r\nHost: proxy:8000\r\nX-A: 1\r\ncontent-length: 12\r\n"
      "X-A: 2\r\nExpect: 100-Continue\r\n\r\n";
  for (const auto& head : {read(text), read_slowly(text)}) {
    REQUIRE(head);
    CHECK(head->request.method == "POST");
    CHECK(head->request.path == "/v1/responses");
    CHECK(head->request.query == "a=b");
    CHECK(head->request.headers.size() == 5);
    CHECK(head->request.headers.list("x-a") == "1, 2");
    CHECK(head->content_length == 12);
    CHECK_FALSE(head->chunked);
    CHECK(head->expects_continue);
    CHECK(head->keep_alive);
    CHECK_FALSE(head->http_1_0);
  }
}

TEST_CASE("what follows the head is left") {
  RequestHeadReader reader(kMaxBytes);
  const std::string head = get("");
  CHECK(*reader.read(head + "body") == head.size());
  CHECK(reader.done());
}

TEST_CASE("a few empty lines before a request are ignored") {
  CHECK(read("\r\n\r\n" + get("")));
  std::string lines;
  for (int i = 0; i < RequestHeadReader::kMaxEmptyLines; ++i) lines += "\r\n";
  CHECK(read_slowly(lines + get("")));
  CHECK(read(lines + "\r\n" + get("")).error().status == 400);
}

TEST_CASE("how long the connection is kept") {
  struct {
    const char* version;
    const char* fields;
    bool keep_alive;
  } const rows[] = {
      {"1.1", "", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: x, CLOSE\r\n", false},
      {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
      {"1.2", "", true},
      {"1.0", "", false},
      {"1.0", "Connection: Keep-Alive\r\n", true},
      {"1.0", "Connection: keep-alive, close\r\n", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.version);
    CAPTURE(row.fields);
    const auto head =
        read(std::string("GET / HTTP/") + row.version + "\r\nHost: x\r\n" + row.fields + "\r\n");
    REQUIRE(head);
    CHECK(head->keep_alive == row.keep_alive);
    CHECK(head->http_1_0 == (std::string(row.version) == "1.0"));
  }
}

TEST_CASE("the authority of an absolute-form takes the place of Host") {
  const auto head = read("GET http://a:1/x HTTP/1.1\r\nHost: b\r\n\r\n");
  REQUIRE(head);
  CHECK(head->request.path == "/x");
  CHECK(head->request.headers.list("host") == "a:1");
}

TEST_CASE("one framing, and one that every reader understands") {
  for (const std::string fields : {"Content-Length: 5\r\nContent-Length: 6\r\n",
                                   "Content-Length: 5, 6\r\n",
                                   "Content-Length: +5\r\n",
                                   "Content-Length: -5\r\n",
                                   "Content-Length: 5 5\r\n",
                                   "Content-Length: 0x5\r\n",
                                   "Content-Length: \r\n",
                                   "Content-Length: 5x\r\n",
                                   "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                                   "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                   "Transfer-Encoding: gzip\r\n",
                                   "Transfer-Encoding: chunked, gzip\r\n",
                                   "Transfer-Encoding: gzip, chunked\r\n",
                                   "Transfer-Encoding: xchunked\r\n",
                                   "Transfer-Encoding: chunkedx\r\n",
                                   "Transfer-Encoding: identity\r\n",
                                   "Transfer-Encoding: \r\n",
                                   "Transfer-Encoding: \r\nContent-Length: 5\r\n",
                                   "Transfer-Encoding: chunked, chunked\r\n",
                                   "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                   "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                                   "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                                   "Transfer-Encoding: chunked;a=b\r\n",
                                   "Transfer-Encoding: \"chunked\"\r\n",
                                   "Transfer-Encoding: ,chunked\r\n",
                                   "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"}) {
    CAPTURE(fields);
    const auto refused = read(get(fields));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().status == 400);
    CHECK(refused.error().code == "malformed_request");
    CHECK(read_slowly(get(fields)).error().status == 400);
  }
  CHECK(read("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").error().status == 400);
  CHECK(read(get("transfer-encoding: CHUNKED\r\n"))->chunked);
  CHECK(read(get("Content-Length: 5\r\nContent-Length: 5\r\n"))->content_length == 5);
}

TEST_CASE("exactly one Host, and a valid one") {
  const std::string line = "GET / HTTP/1.1\r\n";
  for (const std::string fields :
       {"", "Host: a\r\nHost: a\r\n", "Host: a\r\nhost: b\r\n", "Host: a b\r\n", "Host: u@a\r\n",
        "Host: \r\n", "Host: a, b\r\n", "Host: a:b\r\n", "Host: http://a\r\n"}) {
    CAPTURE(fields);
    CHECK(read(line + fields + "\r\n").error().code == "malformed_request");
  }
  CHECK(read("GET / HTTP/1.0\r\n\r\n"));
  CHECK_FALSE(read("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"));
  CHECK_FALSE(read("GET http://a/ HTTP/1.1\r\n\r\n"));
}

TEST_CASE("lines that two readers could take differently") {
  using namespace std::string_literals;
  for (const std::string& text : {get("a : b\r\n"),
                                  get(" a: b\r\n"),
                                  get("a: b\r\n c\r\n"),
                                  get("a: b\r\n\tc\r\n"),
                                  get("a: b\rc\r\n"),
                                  get("a: b\0c\r\n"s),
                                  get("a: b\n"),
                                  get("a\r\n"),
                                  get("a: b\r\r\n"),
                                  "GET / HTTP/1.1\nHost: x\n\n"s,
                                  "GET / HTTP/1.1\r\nHost: x\n\r\n"s,
                                  "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"s,
                                  "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"s,
                                  "GET /  HTTP/1.1\r\nHost: x\r\n\r\n"s,
                                  " GET / HTTP/1.1\r\nHost: x\r\n\r\n"s,
                                  "GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n"s,
                                  "GET / a HTTP/1.1\r\nHost: x\r\n\r\n"s,
                                  "GET /\r\n\r\n"s,
                                  "GET\r\n\r\n"s,
                                  "G@T / HTTP/1.1\r\nHost: x\r\n\r\n"s,
                                  "GET / HTTP/1.1x\r\nHost: x\r\n\r\n"s,
                                  "GET / http/1.1\r\nHost: x\r\n\r\n"s,
                                  "GET / HTTP/11\r\nHost: x\r\n\r\n"s,
                                  "GET / HTTP/1.10\r\nHost: x\r\n\r\n"s,
                                  "GET / HTTP/1.1\r\nHost: x\r\n\0\r\n\r\n"s}) {
    CAPTURE(text);
    REQUIRE_FALSE(read(text));
    CHECK(read(text).error().status == 400);
    CHECK(read(text).error().code == "malformed_request");
  }
}

TEST_CASE("other versions are named") {
  for (const char* version : {"2.0", "0.9", "3.0"}) {
    CHECK(read(std::string("GET / HTTP/") + version + "\r\nHost: x\r\n\r\n").error().status == 505);
  }
}

TEST_CASE("TLS on this port is refused at once") {
  RequestHeadReader reader(kMaxBytes);
  CHECK(reader.read(std::string("\x16\x03\x01", 3)).error().status == 400);
}

TEST_CASE("bytes and lines are bounded") {
  std::string fields;
  for (std::size_t i = 1; i < RequestHeadReader::kMaxFields; ++i) fields += "a:b\r\n";
  CHECK(read(get(fields)));
  CHECK(read(get(fields + "a:b\r\n")).error().status == 431);
  // Long before its end.
  const std::string endless = "GET /" + std::string(kMaxBytes, 'a');
  CHECK(read(endless).error().status == 431);
  CHECK(read(get("a: " + std::string(kMaxBytes, 'a'))).error().status == 431);
  CHECK(read_slowly(get("a: " + std::string(kMaxBytes, 'a'))).error().status == 431);
}

// With work that grows with the square of the bytes this test does not end.
TEST_CASE("a line that comes in small pieces is scanned once") {
  constexpr std::size_t kLong = 16'000'000;
  constexpr std::size_t kPiece = 16;
  RequestHeadReader reader(2 * kLong);
  const std::string text = "GET /" + std::string(kLong, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n";
  std::size_t taken = 0;
  bool read = true;
  for (std::size_t seen = 0; read && seen < text.size(); seen += kPiece) {
    const auto used = reader.read(std::string_view(text).substr(taken, seen + kPiece - taken));
    read = used.ok();
    if (read) taken += *used;
  }
  CHECK(read);
  CHECK(reader.done());
}

}  // namespace responses_proxy
