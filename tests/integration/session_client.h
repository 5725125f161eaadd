// SessionClient: a client of the proxy's socket sessions, without frames in between.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/json.h"
#include "integration/test_proxy.h"

namespace responses_proxy::testing {

class SessionClient {
 public:
  explicit SessionClient(TestProxy& proxy, Headers headers = {});
  ~SessionClient() { close(); }

  // What follows a message that is being read waits for that, as in a host's connection.
  void say(const std::string& text);
  void say(const Json& message) { say(dump(message)); }
  // The next message; null when none came in time.
  Json next();
  // Up to and including the terminal event, or the error, of the next turn to end.
  std::vector<Json> turn();
  std::vector<Json> ask(const Json& message) {
    say(message);
    return turn();
  }
  void close();

  // From now on the client takes nothing, until it does again.
  void stop_reading();
  void read_on();
  std::size_t received() const;
  bool wait_until_idle();

 private:
  class Writer;
  void on_loop(const std::function<void()>& task);
  void say_next();

  TestProxy& proxy_;
  std::shared_ptr<Writer> writer_;
  std::shared_ptr<SocketSession> session_;
  // On the loop.
  std::deque<std::string> unsaid_;  // behind the message that the session reads
  bool session_reads_ = false;
};

// A create with one user message.
Json create(const std::string& text, const Json& more = Json::object());

std::string type_of(const Json& event);
std::vector<std::string> types_of(const std::vector<Json>& events);
// Of all deltas.
std::string text_of(const std::vector<Json>& events);
std::string response_id_of(const std::vector<Json>& events);

}  // namespace responses_proxy::testing
