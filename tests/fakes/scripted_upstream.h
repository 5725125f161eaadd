// ScriptedUpstream: a provider whose behaviour is data, on a real socket.
//
// Role       Answers each request with the Reply that the script holds for it and records what
//            arrived. Streams go step by step and can wait at gates that the test opens.
// Threads    One thread accepts, one per connection serves (at most kMaxConnections). All public
//            functions are safe from any thread.
// Errors     The wait functions give up after kPatience and return false: a hang fails the test.
// Limits     HTTP/1.1 without TLS; request bodies up to 256 MB. Fields of the same name are
// recorded
//            next to each other, all others in wire order.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/request.h"

namespace responses_proxy::testing {

// One thing an answer does after its head is out.
struct Step {
  enum class Kind : std::uint8_t { write, gate, close, reset, stall };
  Kind kind;
  std::string text;       // write: the bytes; gate: its name
  std::size_t times = 1;  // write: how often

  static Step write(std::string bytes, std::size_t times = 1) {
    return {Kind::write, std::move(bytes), times};
  }
  static Step gate(std::string name) { return {Kind::gate, std::move(name)}; }  // open_gate(name)
  static Step close() { return {Kind::close, {}}; }  // ends the connection in order (FIN)
  static Step reset() { return {Kind::reset, {}}; }  // breaks it (RST)
  static Step stall() { return {Kind::stall, {}}; }  // nothing more until the client leaves
};

// Without steps: `body` with its Content-Length. With steps: chunked, ended properly after the last
// one unless it broke the connection. With a Content-Length (true or not) or "Connection: close"
// among `headers`, steps write plain bytes.
struct Reply {
  int status = 200;
  Headers headers;
  std::string body;
  std::vector<Step> steps;
  // Before the head: a gate delays it, a write replaces it (garbage), close and reset prevent it.
  std::vector<Step> before_head;
  // Answers as soon as the request's head is there, without "100 Continue". Unless the connection
  // is closed, the request's body is read afterwards and thrown away: it is recorded as empty.
  bool before_body = false;

  // Puts a step before the index-th one; an index past the end appends.
  Reply& insert(std::size_t index, Step step);
};

struct RecordedRequest {
  std::string method;
  std::string target;  // path and query as sent
  Headers headers;     // Host and Content-Length included
  std::string body;
  std::string key;             // the bearer token, "" without one
  std::size_t number = 0;      // 1 = the first request of all
  std::size_t connection = 0;  // 1 = the first connection that was accepted
};

// Which requests, and what they are answered one after the other. Empty fields match everything.
struct Rule {
  std::string key;
  std::string method;
  std::string path;  // the target without its query
  std::vector<Reply> replies;
  bool repeat_last = false;  // else later requests fall through to the next rule
};

struct UpstreamCounts {
  std::size_t connections = 0;       // accepted so far
  std::size_t open_connections = 0;  // now
  std::size_t requests = 0;          // fully read, or answered before that, so far
  std::size_t in_flight = 0;         // read, but not answered to the end
  std::size_t aborted = 0;           // the client left before the end of the answer
  std::uint64_t body_bytes = 0;      // of answers, taken by the kernel so far
};

class ScriptedUpstream {
 public:
  static constexpr std::size_t kMaxConnections = 4096;
  static constexpr std::chrono::seconds kPatience{30};
  using Answer = std::function<Reply(const RecordedRequest&)>;

  // Listens on a free port of 127.0.0.1. Answers default_answer where no rule matches.
  ScriptedUpstream();
  ~ScriptedUpstream();
  ScriptedUpstream(const ScriptedUpstream&) = delete;
  ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;

  std::uint16_t port() const;
  std::string base_url() const;  // "http://127.0.0.1:1234/v1"

  // Serves a connection that was accepted elsewhere, and of which `received` was read; owns it.
  void adopt(int connected_socket, std::string_view received);

  // Rules are tried in the order they were added.
  void add(Rule rule);
  // Short for a POST rule: the first request of that key gets the first reply, and so on.
  void on_key(std::string key, std::vector<Reply> replies);
  void set_default(Answer answer);
  void open_gate(const std::string& name);  // stays open

  UpstreamCounts counts() const;
  std::vector<RecordedRequest> requests() const;
  std::vector<RecordedRequest> requests_of(std::string_view key) const;

  bool wait_until(const std::function<bool(const UpstreamCounts&)>& condition) const;
  bool wait_for_requests(std::size_t n) const;  // n or more so far
  bool wait_for_aborted(std::size_t n) const;   // n or more so far
  bool wait_until_idle() const;                 // nothing in flight

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A small provider: answers POST /v1/responses with "Hello from <key>." as JSON or as a stream,
// under the id resp_<number>, and the other paths of the API with something of the right shape.
Reply default_answer(const RecordedRequest& request);

}  // namespace responses_proxy::testing
