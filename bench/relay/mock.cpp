// relay-mock: the fast upstream of bench/relay. One event loop, HTTP/1.1 with keep-alive.
//
//   POST /v1/chat/completions, /v1/messages
//                        the same in those APIs, as documents only
//   POST /v1/responses   about 1 KB of JSON with usage; with "stream":true one delta event every
//                        --interval-ms, --events of them, each with the time it was sent
//   GET  anything        a list of one model
//   WebSocket            the same stream for every message, an event per frame; for a message with
//                        "max_output_tokens":1 a short one, at once
// Boost 1.74's awaitable.hpp forgets this one.
#include <utility>

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "event_text.h"
#include "options.h"
#include "random_id.h"

namespace relay_bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::use_awaitable;
using asio::ip::tcp;

struct StreamShape {
  std::chrono::milliseconds interval;
  int events;
  std::size_t padding;  // bytes of filler in every delta event
};

std::string json_answer(std::string_view type, std::string_view body) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", type,
                     body.size(), body);
}

std::string response_object(std::uint64_t number, std::string_view status) {
  static constexpr std::string_view kTemplate =
      R"({{"id":"resp_{0}","object":"response","created_at":1795219200,"status":"{1}",)"
      R"("error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,)"
      R"("model":"gpt-5","output":[{{"type":"message","id":"msg_{0}","status":"completed",)"
      R"("role":"assistant","content":[{{"type":"output_text","annotations":[],"text":"{2:x<300}"}}]}}],)"
      R"("parallel_tool_calls":true,"previous_response_id":null,"reasoning":{{"effort":"low",)"
      R"("summary":null}},"store":true,"temperature":1.0,"text":{{"format":{{"type":"text"}}}},)"
      R"("tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","usage":{{)"
      R"("input_tokens":36,"input_tokens_details":{{"cached_tokens":0}},"output_tokens":87,)"
      R"("output_tokens_details":{{"reasoning_tokens":0}},"total_tokens":123}},"metadata":{{}}}})";
  return fmt::format(kTemplate, long_id(number), status, "");
}

// The same answer as Chat Completions and as Anthropic's Messages.
std::string chat_completion(std::uint64_t number) {
  return fmt::format(
      R"({{"id":"chatcmpl-{0:024x}","object":"chat.completion","created":1795219200,"model":"gpt-5",)"
      R"("choices":[{{"index":0,"message":{{"role":"assistant","content":"{1:x<300}"}},)"
      R"("logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":36,)"
      R"("completion_tokens":87,"total_tokens":123,"prompt_tokens_details":{{"cached_tokens":0}}}}}})",
      number, "");
}

std::string anthropic_message(std::uint64_t number) {
  return fmt::format(
      R"({{"id":"msg_{0:024x}","type":"message","role":"assistant","model":"claude-opus-4-7",)"
      R"("content":[{{"type":"text","text":"{1:x<300}"}}],"stop_reason":"end_turn",)"
      R"("stop_sequence":null,"usage":{{"input_tokens":36,"cache_creation_input_tokens":0,)"
      R"("cache_read_input_tokens":0,"output_tokens":87}}}})",
      number, "");
}

// One SSE event as one HTTP chunk.
std::string chunk(std::string_view type, std::string_view data) {
  const std::size_t size = 7 + type.size() + 7 + data.size() + 2;
  return fmt::format("{:x}\r\nevent: {}\ndata: {}\n\n\r\n", size, type, data);
}

class Mock {
 public:
  explicit Mock(StreamShape shape) : shape_(shape), filler_(shape.padding, 'p') {}

  asio::awaitable<void> accept(tcp::acceptor& acceptor) {
    for (;;) {
      tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
      socket.set_option(tcp::no_delay(true));
      const auto executor = socket.get_executor();
      // A proxy that closes a connection ends its session with an exception; that is its business.
      asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
    }
  }

 private:
  asio::awaitable<void> serve(tcp::socket socket) {
    boost::beast::flat_buffer buffer;
    for (;;) {
      http::request<http::string_body> request;
      co_await http::async_read(socket, buffer, request, use_awaitable);
      if (websocket::is_upgrade(request)) {
        co_await converse(websocket::stream<tcp::socket>(std::move(socket)), std::move(request));
        co_return;
      }
      if (request.method() != http::verb::post) {
        const std::string models = json_answer(
            "application/json", R"({"object":"list","data":[{"id":"gpt-5","object":"model"}]})");
        co_await asio::async_write(socket, asio::buffer(models), use_awaitable);
      } else if (request.body().find("\"stream\":true") != std::string::npos) {
        co_await stream(socket);
      } else {
        const std::string answer = json_answer("application/json", document(request.target()));
        co_await asio::async_write(socket, asio::buffer(answer), use_awaitable);
      }
    }
  }

  // In the words of the API that is asked.
  std::string document(std::string_view target) {
    const std::uint64_t number = ++number_;
    if (target.ends_with("/chat/completions")) return chat_completion(number);
    if (target.ends_with("/messages")) return anthropic_message(number);
    return response_object(number, "completed");
  }

  asio::awaitable<void> stream(tcp::socket& socket) {
    const std::uint64_t number = ++number_;
    std::string out =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    out += chunk(kCreated, lifecycle_event(kCreated, 0, number));
    co_await asio::async_write(socket, asio::buffer(out), use_awaitable);

    asio::steady_timer timer(socket.get_executor(), std::chrono::steady_clock::now());
    for (int sequence = 1; sequence <= shape_.events; ++sequence) {
      timer.expires_at(timer.expiry() + shape_.interval);
      co_await timer.async_wait(use_awaitable);
      out = chunk(kDelta, delta_event(sequence, number));
      co_await asio::async_write(socket, asio::buffer(out), use_awaitable);
    }
    out = chunk(kCompleted, lifecycle_event(kCompleted, shape_.events + 1, number));
    out += "0\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(out), use_awaitable);
  }

  asio::awaitable<void> converse(websocket::stream<tcp::socket> client,
                                 http::request<http::string_body> handshake) {
    co_await client.async_accept(handshake, use_awaitable);
    client.text(true);
    for (;;) {
      boost::beast::flat_buffer message;
      co_await client.async_read(message, use_awaitable);
      const std::string_view text(static_cast<const char*>(message.data().data()), message.size());
      const bool at_once = text.find("\"max_output_tokens\":1,") != std::string_view::npos;
      co_await turn(client, at_once ? 1 : shape_.events, at_once ? kAtOnce : shape_.interval);
    }
  }

  asio::awaitable<void> turn(websocket::stream<tcp::socket>& client, int events,
                             std::chrono::milliseconds interval) {
    const std::uint64_t number = ++number_;
    std::string out = lifecycle_event(kCreated, 0, number);
    co_await client.async_write(asio::buffer(out), use_awaitable);
    asio::steady_timer timer(client.get_executor(), std::chrono::steady_clock::now());
    for (int sequence = 1; sequence <= events; ++sequence) {
      timer.expires_at(timer.expiry() + interval);
      if (interval != kAtOnce) co_await timer.async_wait(use_awaitable);
      out = delta_event(sequence, number);
      co_await client.async_write(asio::buffer(out), use_awaitable);
    }
    out = lifecycle_event(kCompleted, events + 1, number);
    co_await client.async_write(asio::buffer(out), use_awaitable);
  }

  static std::string lifecycle_event(std::string_view type, int sequence, std::uint64_t number) {
    return fmt::format(R"({{"type":"{}",{}{},"response":{}}})", type, kSequenceKey, sequence,
                       response_object(number, type == kCompleted ? "completed" : "in_progress"));
  }

  std::string delta_event(int sequence, std::uint64_t number) const {
    return fmt::format(R"({{"type":"{}",{}{},"item_id":"msg_{}",)"
                       R"("output_index":0,"content_index":0,"delta":" word","logprobs":[],)"
                       R"("obfuscation":"{}",{}{}}})",
                       kDelta, kSequenceKey, sequence, long_id(number), filler_, kSentKey,
                       steady_ns());
  }

  static constexpr std::chrono::milliseconds kAtOnce{0};
  const StreamShape shape_;
  const std::string filler_;
  std::uint64_t number_ = 0;
};

int run(const Options& options) {
  asio::io_context context(1);
  Mock mock({std::chrono::milliseconds(options.number<int>("interval-ms")),
             options.number<int>("events"), options.number<std::size_t>("padding")});
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  acceptor.listen(4096);
  fmt::print("{}\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::co_spawn(context, mock.accept(acceptor), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
  context.run();
  return 0;
}

}  // namespace
}  // namespace relay_bench

int main(int argc, char** argv) {
  try {
    return relay_bench::run(relay_bench::Options(
        argc, argv, {{"interval-ms", "50"}, {"events", "120"}, {"padding", "16"}}));
  } catch (const std::exception& error) {
    fmt::print(stderr, "relay-mock: {}\n", error.what());
    return 2;
  }
}
