// What the examples of parts share: a host with one event loop, whose upstream gives every request
// the same answer.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/responses_proxy.h"

namespace example {

namespace rp = responses_proxy;

// Stands for the host's HTTP client: it answers from the loop.
class CannedClient final : public rp::UpstreamClient {
 public:
  CannedClient(rp::EventLoop& loop, std::string content_type, std::string answer)
      : loop_(loop), content_type_(std::move(content_type)), answer_(std::move(answer)) {}

  std::unique_ptr<rp::UpstreamTransfer> start(rp::UpstreamRequest request,
                                              rp::UpstreamHandler& handler) override {
    std::printf("%s %s\n", request.method.c_str(), request.url.c_str());
    return std::make_unique<Transfer>(*this, handler);
  }

 private:
  class Transfer final : public rp::UpstreamTransfer {
   public:
    Transfer(const CannedClient& client, rp::UpstreamHandler& handler) {
      client.loop_.post([&client, &handler, alive = std::weak_ptr<int>(alive_)] {
        if (alive.expired()) return;
        handler.on_head(200, {{"content-type", client.content_type_}});
        if (alive.expired()) return;
        handler.on_body(client.answer_);
        if (!alive.expired()) handler.on_end({});
      });
    }
    void resume() override {}
    bool body_sent() const override { return true; }

   private:
    std::shared_ptr<int> alive_ = std::make_shared<int>();  // gone: cancelled
  };

  rp::EventLoop& loop_;
  const std::string content_type_;
  const std::string answer_;
};

// Whoever asked.
struct Answer final : rp::ResponseWriter {
  void observe(rp::ResponseObserver*) override {}
  void start(rp::ResponseHead head) override { status = head.status; }
  bool write(std::string_view bytes) override {
    body.append(bytes);
    return true;
  }
  void finish() override { std::printf("answered %d: %s\n", status, body.c_str()); }
  void abort() override { std::printf("broken off\n"); }

  int status = 0;
  std::string body;
};

// A key that needs no network, and nothing on disk but the database `name`.sqlite3.
inline rp::Config config_of(const std::string& name) {
  rp::Config config;
  config.database_url = rp::Secret("sqlite:///" + name + ".sqlite3");
  config.telemetry_spool_bytes = 0;
  config.routing_cache_path = name + ".routing.json";
  config.health_check_enabled = false;
  rp::Resource resource;
  resource.id = "openai-1";
  resource.base_url = "https://api.openai.com/v1";
  resource.credential = rp::Secret("sk-example-key-1234");
  config.resources = {resource};
  return config;
}

inline rp::Request response_request(std::string body, rp::Headers headers = {}) {
  rp::Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers = std::move(headers);
  request.headers.add("content-type", "application/json");
  request.body = std::move(body);
  return request;
}

class Host {
 public:
  Host(const rp::Config& config, rp::RuntimeOptions options, std::string content_type,
       std::string answer)
      : runtime_(config, with_own(std::move(options), std::move(content_type), std::move(answer))) {
    runtime_.start();
  }
  ~Host() {
    context_.stop();
    runtime_.stop();
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Runs the loop until it is answered. Whatever else the host does on its loop goes on meanwhile.
  Answer ask(rp::Request request) {
    const auto answer = std::make_shared<Answer>();
    runtime_.proxy().handle(std::move(request), answer);
    while (runtime_.proxy().active_exchanges() > 0) context_.run_one();
    return *answer;
  }
  rp::Runtime& runtime() { return runtime_; }

 private:
  rp::RuntimeOptions with_own(rp::RuntimeOptions options, std::string content_type,
                              std::string answer) {
    options.loops = &loops_;
    options.make_upstream = [content_type = std::move(content_type),
                             answer = std::move(answer)](rp::EventLoop& of) {
      return std::make_unique<CannedClient>(of, content_type, answer);
    };
    return options;
  }

  boost::asio::io_context context_{1};
  rp::EventLoop loop_{context_};
  rp::EventLoops loops_{{&loop_}};
  rp::Runtime runtime_;
};

inline const std::string kResponse =
    R"({"id":"resp_1","object":"response","status":"completed",)"
    R"("usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}})";

}  // namespace example
