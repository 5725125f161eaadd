#include "proxy/body_capture.h"

#include <algorithm>
#include <vector>

#include "core/utf8_text.h"
#include "proxy/secret_mask.h"

namespace responses_proxy {

namespace {

// Behind the cut, so that a secret is still recognised that the cut goes through.
constexpr std::size_t kLookAhead = 64;

}  // namespace

void BodyCapture::keep(std::string_view bytes, std::string& text) const {
  if (limit_ == 0) return;
  text.append(bytes.substr(0, limit_ + kLookAhead - std::min(text.size(), limit_ + kLookAhead)));
}

void BodyCapture::finish(const Config& config, const Router& router, RequestRecord& record) {
  if (limit_ == 0) return;
  const auto snapshot = router.snapshot();
  std::vector<const Secret*> secrets{&config.admin_token, &config.secret_encryption_key};
  for (const Secret& token : config.client_tokens) secrets.push_back(&token);
  if (snapshot) {
    for (const Candidate& candidate : snapshot->all()) {
      secrets.push_back(&candidate.resource->credential);
    }
  }
  const SecretMask mask(secrets);
  record.request_body = utf8_text(mask.apply(request_, limit_), limit_);
  record.response_body = utf8_text(mask.apply(response_, limit_), limit_);
}

}  // namespace responses_proxy
