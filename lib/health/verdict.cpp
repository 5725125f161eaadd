#include "responses_proxy/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/utf8_text.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxReason = 240;  // bytes of last_error

}  // namespace

Health health_of_status(int status) {
  if (status >= 200 && status < 300) return Health::healthy;
  if (status == 401 || status == 402 || status == 403) return Health::unhealthy;
  if (status == 429 || status >= 500) return Health::degraded;
  return Health::unknown;
}

std::string error_reason(const UpstreamFault& fault) {
  std::string_view words = fault.message;
  if (words.empty()) words = fault.code.empty() ? fault.type : fault.code;
  std::string reason = fault.in_band ? fault.code : fmt::format("HTTP {}", fault.status);
  if (words.empty() || words == reason) return reason;
  if (!reason.empty()) reason += ": ";
  reason = utf8_text(reason.append(words), kMaxReason);
  for (char& c : reason) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return reason;
}

Verdict verdict_of(const UpstreamFault& fault, const VerdictOptions& options) {
  Verdict verdict;
  verdict.blame = blame_of_status(fault.meaning);
  if (fault.model_refused) return verdict;
  verdict.health = health_of_status(fault.meaning);
  if (verdict.health == Health::healthy || verdict.health == Health::unknown) return verdict;
  verdict.error = true;
  verdict.reason = error_reason(fault);
  verdict.blocked = std::min(fault.wait.value_or(Millis::zero()), options.max_retry_after);
  verdict.cooldown = std::max(options.cooldown, verdict.blocked);
  // "Do not come back", and not even when: that is what no waiting mends.
  if (fault.meaning == 429 && !fault.wait && fault.no_retry) verdict.health = Health::unhealthy;
  verdict.doubtful = options.checked && (fault.meaning == 401 || fault.meaning == 403);
  return verdict;
}

Verdict verdict_of(int status, const Headers& headers, WallTime now,
                   const VerdictOptions& options) {
  return verdict_of(make_responses_dialect()->fault({status, headers, {}, now}), options);
}

Verdict verdict_of_failure(UpstreamError error, const VerdictOptions& options,
                           std::string_view detail) {
  Verdict verdict;
  verdict.blame = blame_of_failure(error);
  // Our own shortage says nothing about the resource.
  if (error == UpstreamError::none || error == UpstreamError::out_of_descriptors) return verdict;
  verdict.health = Health::degraded;
  verdict.cooldown = options.cooldown;
  verdict.error = true;
  verdict.reason = describe(error, detail);
  return verdict;
}

Blame blame_of_status(int status) {
  if (status >= 401 && status <= 403) return Blame::resource;
  if (status == 429) return Blame::resource;
  if (status >= 500) return Blame::provider;
  if (status >= 400) return Blame::client;
  return Blame::none;
}

Blame blame_of_failure(UpstreamError error) {
  if (error == UpstreamError::out_of_descriptors) return Blame::proxy;
  return error == UpstreamError::none ? Blame::none : Blame::provider;
}

}  // namespace responses_proxy
