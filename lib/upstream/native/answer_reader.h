// AnswerReader: the bytes of one answer, taken apart: head, pieces of the body, end.
//
// Role       It is asked for the next thing as long as there is one, and the caller tells it on. No
//            bytes are copied but those of a line, or of a chunk's frame, that is not all there
//            yet.
// Errors     Found::refused, with the word and the reason.
// Limits     UpstreamClient::kMaxHeadBytes, ChunkedBody::kMaxLineBytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/upstream_client.h"
#include "upstream/native/body_decoder.h"
#include "upstream/native/chunked_body.h"
#include "upstream/upstream_head.h"

namespace responses_proxy {

class AnswerReader {
 public:
  enum class Found : std::uint8_t { more, head, piece, end, refused };

  // `decodes`: content codings are taken off.
  AnswerReader(bool is_head_request, bool decodes)
      : is_head_request_(is_head_request), decodes_(decodes) {}
  // The request asks for another protocol: 101 is an answer, and ends this one's bytes.
  void allow_switch() { may_switch_ = true; }

  // Takes from the front of `bytes`. more: what is left in `bytes` is to stand in front of what
  // comes next.
  Found next(std::string_view& bytes);
  // No more bytes will come; `orderly`: because the upstream has said so.
  Found lose(bool orderly);
  // The bytes that next() was given last go away before all of them were used.
  void keep();

  // After head; the second is moved from.
  int status() const { return status_; }
  Headers& headers() { return head_.headers(); }
  // After piece; not empty, and valid until the next call.
  std::string_view piece() const { return piece_; }
  // After refused.
  UpstreamError error() const { return error_; }
  const std::string& fault() const { return fault_; }

  bool head_complete() const { return stage_ != Stage::head; }
  // Another answer may follow this one on the connection.
  bool leaves_connection() const { return !ends_connection_; }

 private:
  enum class Stage : std::uint8_t { head, counted, chunked, until_close, over };

  Found refuse(UpstreamError error, std::string fault);
  Found read_head(std::string_view& bytes);
  Found take_line(std::string_view line);
  Found end_head();
  void frame();
  Found next_raw(std::string_view& bytes);
  Found decoded(std::string_view& bytes);
  Found end();

  const bool is_head_request_;
  const bool decodes_;
  bool may_switch_ = false;
  Stage stage_ = Stage::head;
  std::string line_;  // the beginning of one
  bool line_is_first_ = true;
  UpstreamHead head_;
  int status_ = 0;
  bool ends_connection_ = false;
  std::uint64_t left_ = 0;  // of a body with a length
  std::unique_ptr<ChunkedBody> chunks_;
  std::unique_ptr<BodyDecoder> decoder_;
  std::string_view piece_;
  std::string_view coded_;  // of the last raw piece, what is not decoded yet
  std::string kept_coded_;
  UpstreamError error_ = UpstreamError::none;
  std::string fault_;
};

}  // namespace responses_proxy
