#include "health/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/secret_mask.h"
#include "responses_proxy/verdict.h"

namespace responses_proxy {

bool path_is_missing(int status) {
  return status == 404 || status == 405 || status == 501;
}

Probe::Probe(const HealthCheckOptions& options, std::shared_ptr<const RoutingTable> table,
             const Target& target, const Dialect& dialect, const Clock& clock, Done done)
    : options_(options),
      table_(std::move(table)),
      target_(target),
      dialect_(dialect),
      clock_(clock),
      done_(std::move(done)) {}

void Probe::send(UpstreamClient& upstream) {
  started_ = clock_.steady();
  UpstreamCall call = dialect_.probe(resource(), resource().health_path.value_or(options_.path));
  body_ = std::move(call.body).value_or("");
  UpstreamRequest request;
  request.method = std::move(call.method);
  request.url = std::move(call.url);
  request.headers = std::move(call.headers);
  request.body = body_;
  request.timeouts = {options_.timeout, Millis{0}, Millis{0}, options_.timeout};
  request.http2 = resource().http2;
  transfer_ = upstream.start(std::move(request), *this);
}

void Probe::on_head(int status, Headers headers) {
  status_ = status;
  headers_ = std::move(headers);
}

bool Probe::on_body(std::string_view bytes) {
  if (status_ >= 400) error_.append(bytes.substr(0, kMaxBody - std::min(kMaxBody, error_.size())));
  return true;
}

// Unlike an answer to a client's request, one to a check always says something, unless the path is
// missing.
Verdict Probe::verdict_of_error(const VerdictOptions& options) const {
  UpstreamFault fault = dialect_.fault({status_, headers_, error_, clock_.wall()});
  fault.message = SecretMask({&resource().credential}).apply(fault.message, fault.message.size());
  Verdict verdict = verdict_of(fault, options);
  if (path_is_missing(status_)) {
    verdict.health = Health::unknown;
  } else if (verdict.health == Health::unknown) {
    verdict.health = Health::unhealthy;
    verdict.blame = Blame::resource;
  }
  verdict.cooldown = std::max(verdict.cooldown, options_.cooldown);
  if (verdict.reason.empty()) verdict.reason = fmt::format("HTTP {}", status_);
  return verdict;
}

Verdict Probe::verdict_of_result(const UpstreamResult& result) const {
  const VerdictOptions options{.cooldown = options_.cooldown,
                               .max_retry_after = options_.max_retry_after};
  if (result.error != UpstreamError::none) {
    return verdict_of_failure(result.error, options, result.detail);
  }
  if (health_of_status(status_) == Health::healthy) {
    return verdict_of(dialect_.fault({status_, headers_, {}, clock_.wall()}), options);
  }
  return verdict_of_error(options);
}

void Probe::on_end(const UpstreamResult& result) {
  const SteadyTime now = clock_.steady();
  Verdict verdict = verdict_of_result(result);
  verdict.error = false;  // total_errors counts the clients' requests
  HealthCheckResult told{resource().id, verdict.health, status_, verdict.reason, {}};
  told.latency = std::chrono::duration_cast<std::chrono::microseconds>(now - started_);
  if (verdict.health == Health::unknown) {
    verdict.reason.clear();  // nothing is known to be wrong
  } else if (verdict.health != Health::healthy) {
    verdict.reason.insert(0, "health check: ");
  }
  target_.state->apply_check(verdict, now);
  target_.state->note_check({clock_.wall(), told.health, told.latency, told.error});
  done_(told);
}

}  // namespace responses_proxy
