#include "integration/session_client.h"

#include <atomic>
#include <utility>

namespace responses_proxy::testing {

class SessionClient::Writer final : public SocketWriter {
 public:
  explicit Writer(std::function<void()> on_message_read) : then_(std::move(on_message_read)) {}

  bool send(std::string_view text) override {
    const std::scoped_lock lock(mutex_);
    messages_.emplace_back(text);
    unsent_bytes_ = reading_ ? 0 : unsent_bytes_ + text.size();
    ++received_;
    changed_.notify_all();
    return reading_;
  }
  std::size_t unsent_bytes() const override { return unsent_bytes_; }
  void on_message_read() override { then_(); }
  void on_idle() override {
    const std::scoped_lock lock(mutex_);
    ++idle_;
    changed_.notify_all();
  }

  Json next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, ScriptedUpstream::kPatience, [&] { return !messages_.empty(); })) {
      return nullptr;
    }
    Json message = Json::parse(messages_.front(), nullptr, false);
    messages_.pop_front();
    return message;
  }
  void set_reading(bool reading) {
    const std::scoped_lock lock(mutex_);
    reading_ = reading;
    if (reading) unsent_bytes_ = 0;
  }
  std::size_t received() const {
    const std::scoped_lock lock(mutex_);
    return received_;
  }
  bool wait_until_idle() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, ScriptedUpstream::kPatience, [&] { return idle_ > 0; });
  }

 private:
  const std::function<void()> then_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> messages_;
  std::size_t received_ = 0;
  std::atomic<std::size_t> unsent_bytes_{0};
  std::size_t idle_ = 0;
  bool reading_ = true;
};

SessionClient::SessionClient(TestProxy& proxy, Headers headers)
    : proxy_(proxy), writer_(std::make_shared<Writer>([this] {
        session_reads_ = false;
        say_next();
      })) {
  Request handshake;
  handshake.method = "GET";
  handshake.path = "/v1/responses";
  handshake.headers = std::move(headers);
  handshake.headers.add("Connection", "Upgrade");
  handshake.headers.add("Upgrade", "websocket");
  handshake.headers.add("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
  on_loop([&] { session_ = proxy_.proxy().open_socket(std::move(handshake), writer_); });
}

void SessionClient::on_loop(const std::function<void()>& task) {
  std::promise<void> done;
  proxy_.loop().post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void SessionClient::say(const std::string& text) {
  on_loop([&] {
    unsaid_.push_back(text);
    say_next();
  });
}

void SessionClient::say_next() {
  while (!session_reads_ && !unsaid_.empty()) {
    const std::string text = std::move(unsaid_.front());
    unsaid_.pop_front();
    session_reads_ = !session_->on_message(text);
  }
}

Json SessionClient::next() {
  return writer_->next();
}

std::vector<Json> SessionClient::turn() {
  std::vector<Json> events;
  for (;;) {
    events.push_back(next());
    const std::string type = type_of(events.back());
    if (events.back().is_null() || type == "error" || type == "response.completed" ||
        type == "response.failed" || type == "response.incomplete") {
      return events;
    }
  }
}

void SessionClient::close() {
  if (!session_) return;
  on_loop([&] {
    session_->on_closed();
    session_.reset();
  });
}

void SessionClient::stop_reading() {
  writer_->set_reading(false);
}

void SessionClient::read_on() {
  writer_->set_reading(true);
  on_loop([&] { session_->on_writable(); });
}

std::size_t SessionClient::received() const {
  return writer_->received();
}

bool SessionClient::wait_until_idle() {
  return writer_->wait_until_idle();
}

Json create(const std::string& text, const Json& more) {
  Json message = {{"type", "response.create"},
                  {"model", "m"},
                  {"store", false},
                  {"input", Json::array({{{"role", "user"}, {"content", text}}})}};
  for (const auto& [key, value] : more.items()) message[key] = value;
  return message;
}

std::string type_of(const Json& event) {
  return event.is_object() ? event.value("type", "") : "";
}

std::vector<std::string> types_of(const std::vector<Json>& events) {
  std::vector<std::string> types;
  for (const Json& event : events) types.push_back(type_of(event));
  return types;
}

std::string text_of(const std::vector<Json>& events) {
  std::string text;
  for (const Json& event : events) {
    if (type_of(event) == "response.output_text.delta") text += event.value("delta", "");
  }
  return text;
}

std::string response_id_of(const std::vector<Json>& events) {
  const Json& last = events.back();
  return last.contains("response") ? last["response"].value("id", "") : "";
}

}  // namespace responses_proxy::testing
