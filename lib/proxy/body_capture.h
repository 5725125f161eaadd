// BodyCapture: what the record of one exchange keeps of its bodies; nothing unless
// PROXY_CAPTURE_BODIES is on.
//
// Limits     While the exchange lasts, PROXY_MAX_CAPTURE_BYTES (and a little more) of each body. No
//            headers; credentials in the bodies are masked, see RecordMask.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/record_mask.h"
#include "responses_proxy/config.h"
#include "responses_proxy/request_record.h"

namespace responses_proxy {

class BodyCapture {
 public:
  explicit BodyCapture(const Config& config)
      : limit_(config.capture_bodies ? config.max_capture_bytes : 0) {}

  // The client's body, decoded; replaces an earlier one.
  void request(std::string_view body) {
    request_.clear();
    keep(body, request_);
  }
  // Bytes that have left for the client.
  void response(std::string_view bytes) { keep(bytes, response_); }
  std::size_t bytes() const { return request_.size() + response_.size(); }
  // Puts both on record as valid UTF-8, masked and cut.
  void finish(const RecordMask& mask, RequestRecord& record);

 private:
  void keep(std::string_view bytes, std::string& text) const;

  std::size_t limit_;  // of each body
  std::string request_;
  std::string response_;
};

}  // namespace responses_proxy
