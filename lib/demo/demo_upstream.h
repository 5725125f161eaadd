// DemoUpstream: a stand-in for OpenAI's Responses API, so that rp-server can be tried without a
// key.
//
// Role       Answers every path of the API that rp-server forwards, JSON and SSE, in the shapes of
// the
//            original, with canned text: "Reply with exactly: X" is answered X. Accepts any bearer
//            token beginning with "sk-demo-"; a response or conversation is known only to the token
//            that made it, so affinity (or the lack of it) is visible.
// Threads    A cpp-httplib server with threads of its own. start and stop from one thread.
// Errors     OpenAI's statuses, texts and codes. start() reports when no port can be bound.
// Blocking   stop() waits for the exchanges under way and for idle connections, about two seconds.
// Limits     Remembers the last kMaxRemembered responses and conversations of all tokens together;
//            bodies up to 32 MB. Listens on 127.0.0.1 only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/random.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

class DemoUpstream {
 public:
  static constexpr std::size_t kMaxRemembered = 10'000;

  // delta_pause: between two events of a stream, so that streaming can be seen.
  DemoUpstream(const Clock& clock, Random& random, Millis delta_pause = Millis(15));
  ~DemoUpstream();  // stops
  DemoUpstream(const DemoUpstream&) = delete;
  DemoUpstream& operator=(const DemoUpstream&) = delete;

  // Binds a free port of 127.0.0.1 and serves from then on. The value is base_url().
  Result<std::string> start();
  const std::string& base_url() const;  // "http://127.0.0.1:1234/v1", "" before start
  void stop();                          // idempotent

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace responses_proxy
