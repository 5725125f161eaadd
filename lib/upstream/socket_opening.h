// SocketOpening: the handshake of a WebSocket to a provider: what is asked, and what was answered.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "responses_proxy/upstream_socket.h"
#include "upstream/native/answer_reader.h"
#include "upstream/socket_target.h"

namespace responses_proxy {

class SocketOpening {
 public:
  enum class Found : std::uint8_t {
    more,
    open,     // what is left of the bytes are frames
    refused,  // by an answer over HTTP
    failed,   // by what is none, or by one that is no consent: result() has the error
  };

  // `path`: with the query.
  SocketOpening(const SocketTarget& target, std::string_view path, const Headers& headers);

  // "": a header cannot be sent.
  const std::string& request() const { return request_; }
  // Takes from the front of `bytes`; those behind the end of a refusal stay.
  Found take(std::string_view& bytes);
  // No more bytes will come; `orderly`: because the upstream has said so.
  Found lose(bool orderly);
  UpstreamSocketOpen& result() { return result_; }

 private:
  Found judge(AnswerReader::Found found);
  Found take_head();
  Found take_piece();
  Found refuse();
  Found fail(UpstreamError error, std::string_view reason);

  const std::string key_;
  std::string request_;
  AnswerReader reader_{/*is_head_request=*/false, /*decodes=*/false};
  std::string kept_;  // the beginning of a line of a chunk
  UpstreamSocketOpen result_;
};

}  // namespace responses_proxy
