#include "proxy/body_capture.h"

#include <algorithm>

#include "core/secret_mask.h"
#include "core/utf8_text.h"

namespace responses_proxy {

namespace {

// Behind the cut, so that a secret is still recognised that the cut goes through.
constexpr std::size_t kLookAhead = 64;

}  // namespace

void BodyCapture::keep(std::string_view bytes, std::string& text) const {
  if (limit_ == 0) return;
  text.append(bytes.substr(0, limit_ + kLookAhead - std::min(text.size(), limit_ + kLookAhead)));
}

void BodyCapture::finish(const RecordMask& mask, RequestRecord& record) {
  if (limit_ == 0) return;
  record.request_body = utf8_text(mask.apply(request_, limit_), limit_);
  record.response_body = utf8_text(mask.apply(response_, limit_), limit_);
}

}  // namespace responses_proxy
