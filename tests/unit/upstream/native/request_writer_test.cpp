#include "upstream/native/request_writer.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace responses_proxy {

namespace {

// Takes so many bytes, then nothing until the next call of let_go_on().
class NarrowWire final : public Wire {
 public:
  explicit NarrowWire(std::size_t at_once) : at_once_(at_once), left_(at_once) {}

  WireState shake_hands() override { return WireState::done; }
  WireResult read(std::span<char>) override { return {WireState::wants_read}; }
  WireResult write(std::span<const iovec> parts) override {
    if (left_ == 0) return {WireState::wants_write};
    std::string all;
    for (const iovec& part : parts)
      all.append(static_cast<const char*>(part.iov_base), part.iov_len);
    const std::size_t taken = std::min(left_, all.size());
    written.append(all, 0, taken);
    left_ -= taken;
    return {WireState::done, taken};
  }
  void let_go_on() { left_ = at_once_; }

  std::string written;

 private:
  const std::size_t at_once_;
  std::size_t left_;
};

UpstreamRequest post(Headers headers, std::string_view body) {
  UpstreamRequest request;
  request.method = "POST";
  request.headers = std::move(headers);
  request.body = body;
  return request;
}

SocketTarget target() {
  return {.tls = false, .host = "h", .port = "80", .authority = "h:80", .path = ""};
}

std::string head_of(const UpstreamRequest& request, std::string_view path = "/v1") {
  std::string head;
  CHECK(append_request_head(head, request, target(), path));
  return head;
}

}  // namespace

TEST_CASE("the head of a request") {
  CHECK(
      head_of(post({{"A", "b"}, {"Host", "x"}, {"content-length", "9"}, {"Expect", "y"}}, "{}")) ==
      "POST /v1 HTTP/1.1\r\nHost: x\r\nA: b\r\naccept-encoding: identity\r\n"
      "content-length: 2\r\n\r\n");
  CHECK(head_of(post({{"Accept-Encoding", "gzip"}}, ""), "?a=b") ==
        "POST /?a=b HTTP/1.1\r\nHost: h:80\r\nAccept-Encoding: gzip\r\ncontent-length: 0\r\n\r\n");
  UpstreamRequest get;
  get.method = "HEAD";
  get.body = "is not sent";
  CHECK(head_of(get, "") == "HEAD / HTTP/1.1\r\nHost: h:80\r\naccept-encoding: identity\r\n\r\n");
  CHECK(body_to_send(get).empty());
}

TEST_CASE("no field ends the head") {
  std::string head;
  for (const Headers& headers :
       {Headers{{"A", "b\r\nC: d"}}, Headers{{"A", "b\rC"}}, Headers{{"A\n", "b"}},
        Headers{{"A", "\n"}}, Headers{{"Host", "x\r\nC: d"}}}) {
    CHECK_FALSE(append_request_head(head, post(headers, ""), target(), "/"));
  }
  UpstreamRequest split = post({}, "");
  split.method = "GET / HTTP/1.1\r\n";
  CHECK_FALSE(append_request_head(head, split, target(), "/"));
}

TEST_CASE("head and body go out whole, however little is taken at once") {
  const std::string head = "POST / HTTP/1.1\r\n\r\n";
  const std::string body = "0123456789";
  for (std::size_t at_once = 1; at_once <= head.size() + body.size(); ++at_once) {
    NarrowWire wire(at_once);
    RequestWriter writer;
    std::string buffer = head;  // of the client: others write into it meanwhile
    writer.begin(buffer, body);
    while (!writer.done()) {
      const WireState state = writer.write(wire);
      CHECK(state == (writer.done() ? WireState::done : WireState::wants_write));
      buffer.assign(buffer.size(), '!');
      wire.let_go_on();
    }
    CHECK(wire.written == head + body);
    CHECK(writer.bytes_sent() == wire.written.size());
  }
}

TEST_CASE("a writer that is stopped writes no more; one that has much lets others have a turn") {
  const std::string body(3 * RequestWriter::kMaxBytesAtOnce, 'x');
  NarrowWire wire(RequestWriter::kMaxBytesAtOnce / 2);
  RequestWriter writer;
  writer.begin("head", body);
  CHECK(writer.write(wire) == WireState::wants_write);
  writer.stop();
  wire.let_go_on();
  CHECK(writer.done());
  writer.write(wire);
  CHECK(wire.written.size() == RequestWriter::kMaxBytesAtOnce / 2);

  NarrowWire wide(body.size() / 3 * 2);
  writer.begin("head", body);
  CHECK_FALSE(writer.stopped());
  CHECK(writer.write(wide) == WireState::done);
  CHECK_FALSE(writer.done());
}

}  // namespace responses_proxy
