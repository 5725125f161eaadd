// http_call: one request of a command (health, codex, deploy), and its answer.
//
// Threads    Any.
// Errors     No answer: status 0 and why in `problem`, free of secrets. Redirects are answers.
// Blocking   Until the answer is there, `timeout` at most.
// Limits     kMaxAnswerBytes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "responses_proxy/clock.h"

namespace responses_proxy {

// Files of this installation's certificate and its key. The server must show that certificate, by
// whatever name it is asked, and takes it for the client's, too.
struct OwnTls {
  std::string certificate;  // "" = the server is another one, and has a certificate for its name
  std::string key;
};

struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers = {};  // "name: value"
  std::string body = {};
  Millis timeout{10'000};
  OwnTls own_tls = {};
};

struct HttpAnswer {
  static constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;

  int status = 0;
  std::string body;
  Millis retry_after{0};  // what Retry-After asks for in seconds
  std::string problem;    // of status 0
};

using HttpSend = std::function<HttpAnswer(const HttpCall& call)>;

// This machine is asked directly, whatever http_proxy says.
HttpAnswer http_call(const HttpCall& call);

}  // namespace responses_proxy
