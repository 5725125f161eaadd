// Level 3, proxy: a cpp-httplib gateway with the library inside. The gateway keeps its own server,
// threads and routes; the library serves /v1 with all it has.
//
//   OPENAI_API_KEY=sk-... ./embedded_gateway 8080
#include <httplib.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include "responses_proxy/responses_proxy.h"

using namespace responses_proxy;

namespace {

// Carries the answer from the library's event loop to the thread that httplib blocks for it.
class BlockingWriter final : public ResponseWriter,
                             public std::enable_shared_from_this<BlockingWriter> {
 public:
  explicit BlockingWriter(EventLoops& loops) : loops_(loops) {}

  // The library's side, on one event loop.
  void observe(ResponseObserver* observer) override {
    const std::scoped_lock lock(mutex_);
    observer_ = observer;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_.at(i).on_this_thread()) loop_ = &loops_.at(i);
    }
  }
  void start(ResponseHead head) override {
    const std::scoped_lock lock(mutex_);
    head_ = std::move(head);
    changed_.notify_all();
  }
  bool write(std::string_view bytes) override {
    const std::scoped_lock lock(mutex_);
    pending_.append(bytes);
    changed_.notify_all();
    full_ = pending_.size() > kHighWater;
    return !full_;
  }
  void finish() override { end(true); }
  void abort() override { end(false); }

  // httplib's side, on its own thread.
  ResponseHead wait_for_head() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return head_ || ended_; });
    return head_.value_or(ResponseHead{502, {}, {}});
  }
  enum class Next { bytes, end, broken };
  Next wait_for_bytes(std::string& bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !pending_.empty() || ended_; });
    bytes = std::exchange(pending_, {});
    if (std::exchange(full_, false)) notify(&ResponseObserver::on_writable);
    if (!bytes.empty()) return Next::bytes;
    return complete_ ? Next::end : Next::broken;
  }
  void client_left() {
    const std::scoped_lock lock(mutex_);
    if (!ended_) notify(&ResponseObserver::on_closed);
  }

 private:
  static constexpr std::size_t kHighWater = 64 * 1024;

  void end(bool complete) {
    const std::scoped_lock lock(mutex_);
    observer_ = nullptr;
    ended_ = true;
    complete_ = complete;
    changed_.notify_all();
  }
  // The observer belongs to the event loop: call it there, if there still is one then.
  void notify(void (ResponseObserver::*what)()) {
    loop_->post([self = shared_from_this(), what] {
      ResponseObserver* observer = nullptr;
      {
        const std::scoped_lock lock(self->mutex_);
        observer = self->observer_;
      }
      if (observer != nullptr) (observer->*what)();
    });
  }

  EventLoops& loops_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  EventLoop* loop_ = nullptr;
  ResponseObserver* observer_ = nullptr;
  std::optional<ResponseHead> head_;
  std::string pending_;
  bool full_ = false;
  bool ended_ = false;
  bool complete_ = false;
};

Request to_request(const httplib::Request& from) {
  Request request;
  request.method = from.method;
  const auto question = from.target.find('?');
  request.path = from.target.substr(0, question);
  if (question != std::string::npos) request.query = from.target.substr(question + 1);
  for (const auto& [name, value] : from.headers) {
    // httplib adds these four to what the client sent.
    if (name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
        name == "LOCAL_PORT") {
      continue;
    }
    request.headers.add(name, value);
  }
  request.body = from.body;
  request.peer = from.remote_addr;
  return request;
}

void serve(Runtime& runtime, const httplib::Request& from, httplib::Response& to) {
  const auto writer = std::make_shared<BlockingWriter>(runtime.loops());
  runtime.proxy().handle(to_request(from), writer);
  const ResponseHead head = writer->wait_for_head();
  to.status = head.status;
  std::string content_type = "application/json";
  for (const Header& field : head.headers) {
    if (field.id == FieldId::content_type) {
      content_type = field.value;
    } else {
      to.set_header(std::string(field.name), std::string(field.value));
    }
  }
  to.set_chunked_content_provider(
      content_type,
      [writer](std::size_t, httplib::DataSink& sink) {
        std::string bytes;
        switch (writer->wait_for_bytes(bytes)) {
          case BlockingWriter::Next::bytes:
            return sink.write(bytes.data(), bytes.size());
          case BlockingWriter::Next::end:
            sink.done();
            return true;
          case BlockingWriter::Next::broken:
            return false;  // cuts the connection: the client must not take it for the end
        }
        return false;
      },
      [writer](bool) { writer->client_left(); });
}

}  // namespace

int main(int argc, char** argv) {
  LoadedConfig loaded = load_config(process_environment());
  for (const ConfigError& error : loaded.errors)
    std::fprintf(stderr, "%s\n", error.message.c_str());
  if (!loaded.errors.empty()) return 2;

  Runtime runtime(loaded.config, {.log = [](const LogEvent& event) {
                    std::fprintf(stderr, "%s: %s\n", event.event.c_str(), event.message.c_str());
                  }});
  runtime.start();

  httplib::Server server;
  server.Get("/gateway/hello", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("the gateway's own route\n", "text/plain");
  });
  const auto handler = [&runtime](const httplib::Request& from, httplib::Response& to) {
    serve(runtime, from, to);
  };
  server.Get("/v1/.*", handler);
  server.Post("/v1/.*", handler);
  server.Delete("/v1/.*", handler);

  int port = argc > 1 ? std::atoi(argv[1]) : 8080;  // NOLINT: an example; 0 = any
  port = port == 0 ? server.bind_to_any_port("127.0.0.1")
                   : (server.bind_to_port("127.0.0.1", port) ? port : -1);
  if (port < 0) return 1;
  std::printf("embedded gateway listening on http://127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server.listen_after_bind();
  runtime.drain();
  runtime.stop();
  return 0;
}
