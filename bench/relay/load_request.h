// The request that relay-load sends.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "random_id.h"

namespace relay_bench {

struct LoadRequest {
  std::string_view run;
  std::uint64_t number;                   // with `run`, the session id
  std::string_view previous_response_id;  // "" = a new conversation
  bool stream = false;
  std::size_t body_bytes = 0;  // at least
  std::string_view model = "gpt-5";
  bool store = true;
};

inline std::string to_wire(const LoadRequest& request) {
  std::string body = fmt::format(R"({{"model":"{}","stream":{},"store":{},)", request.model,
                                 request.stream, request.store);
  if (!request.previous_response_id.empty()) {
    body += fmt::format(R"("previous_response_id":"{}",)", request.previous_response_id);
  }
  body += R"("input":[{"role":"user","content":[{"type":"input_text","text":")";
  static constexpr std::string_view kEnd = "\"}]}]}";
  const std::size_t have = body.size() + kEnd.size();
  body.append(request.body_bytes > have ? request.body_bytes - have : 0, 'q');
  body += kEnd;
  return fmt::format(
      "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer client\r\n"
      "Content-Type: application/json\r\nsession-id: {}\r\nContent-Length: {}\r\n\r\n{}",
      uuid(request.run, request.number), body.size(), body);
}

// A turn on a socket; a short one is answered at once.
inline std::string to_message(bool short_turn, std::size_t body_bytes) {
  std::string message = R"({"type":"response.create","model":"gpt-5","store":false,)";
  if (short_turn) message += R"("max_output_tokens":1,)";
  message += R"("input":[{"role":"user","content":")";
  static constexpr std::string_view kEnd = "\"}]}";
  const std::size_t have = message.size() + kEnd.size();
  message.append(body_bytes > have ? body_bytes - have : 0, 'q');
  return message += kEnd;
}

}  // namespace relay_bench
