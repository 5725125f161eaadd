// Bytes of an upstream into the real clients, over a socket. Whatever they are, the handler's
// contract holds: a head before a body and once, a body as long as its length says, one end.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fuzz_input.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy::fuzz {

namespace {

using boost::asio::ip::tcp;

bool clean(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

class Checker final : public UpstreamHandler {
 public:
  Checker(bool bodiless, bool pauses) : bodiless_(bodiless), pauses_(pauses) {}

  void on_head(int status, Headers headers) override {
    require(heads_++ == 0 && !ended_);
    require(status >= 200 && status <= 999);
    for (const Header& field : headers) {
      require(!field.name.empty() && field.name.find(' ') == std::string::npos);
      require(clean(field.name) && clean(field.value));
    }
    require(!headers.find("transfer-encoding"));
    if (const auto text = headers.find("content-length")) {
      std::uint64_t length = 0;
      const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
      require(error == std::errc{} && end == text->data() + text->size());
      if (!bodiless_ && status != 304) length_ = length;
    }
  }

  bool on_body(std::string_view bytes) override {
    require(heads_ == 1 && !ended_ && !bytes.empty());
    require(bytes.size() <= UpstreamClient::kInboxBytes);
    received_ += bytes.size();
    if (length_) require(received_ <= *length_);
    return !pauses_;
  }

  void on_end(const UpstreamResult& result) override {
    require(!std::exchange(ended_, true));
    require(result.error != UpstreamError::none || heads_ == 1);
    require(result.error != UpstreamError::protocol || !result.detail.empty());
    if (length_ && result.error == UpstreamError::none) require(received_ == *length_);
  }

  bool ended() const { return ended_; }

 private:
  const bool bodiless_;
  const bool pauses_;
  int heads_ = 0;
  std::optional<std::uint64_t> length_;
  std::uint64_t received_ = 0;
  bool ended_ = false;
};

// A client and an upstream that share a thread.
class Bench {
 public:
  explicit Bench(UpstreamHttp http)
      : client_(make_upstream_client(loop_, clock_, {.http = http})) {}

  void run(FuzzInput input) {
    const std::uint8_t flags = input.byte();
    const bool head = (flags & 1) != 0;
    const bool pauses = (flags & 2) != 0;
    Checker checker(head, pauses);
    UpstreamRequest request;
    request.method = head ? "HEAD" : "POST";
    request.url = "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
    if (!head) request.body = "{}";
    const auto transfer = client_->start(std::move(request), checker);
    tcp::socket upstream(context_);
    acceptor_.async_accept(upstream, [](const auto&) {});
    step_until([&] { return checker.ended() || (upstream.is_open() && upstream.available() > 0); });
    while (!input.empty()) {
      const std::size_t size = std::size_t{input.byte()} * 16 + 1;
      boost::system::error_code gone;
      boost::asio::write(upstream, boost::asio::buffer(std::string(input.text(size))), gone);
      context_.poll();
      transfer->resume();
    }
    upstream.close();
    step_until([&] {
      transfer->resume();
      return checker.ended();
    });
  }

 private:
  template <class Condition>
  void step_until(Condition condition) {
    for (int i = 0; i < kMaxSteps; ++i) {
      if (condition()) return;
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds(5));
    }
    require(false);  // it hangs
  }

  static constexpr int kMaxSteps = 10'000;
  boost::asio::io_context context_{1};
  EventLoop loop_{context_};
  SystemClock clock_;
  tcp::acceptor acceptor_{context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  std::unique_ptr<UpstreamClient> client_;
};

}  // namespace

void run(FuzzInput input) {
  static Bench native(UpstreamHttp::native);
  static Bench curl(UpstreamHttp::curl);
  native.run(input);
  curl.run(input);
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
