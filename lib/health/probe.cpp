#include "health/probe.h"

#include <algorithm>
#include <utility>

#include "adapt/responses/answer_facts.h"
#include "core/json_reader.h"
#include "core/secret_mask.h"
#include "health/verdict.h"

namespace responses_proxy {

bool path_is_missing(int status) {
  return status == 404 || status == 405 || status == 501;
}

Probe::Probe(const HealthCheckOptions& options, std::shared_ptr<const RoutingSnapshot> snapshot,
             const Candidate& candidate, const Clock& clock, Done done)
    : options_(options),
      snapshot_(std::move(snapshot)),
      candidate_(candidate),
      clock_(clock),
      done_(std::move(done)) {}

void Probe::send(UpstreamClient& upstream) {
  started_ = clock_.steady();
  UpstreamRequest request;
  request.method = "GET";
  request.url = resource().base_url + "/" + options_.path;
  request.headers.add("authorization", "Bearer " + resource().credential.reveal());
  request.timeouts = {options_.timeout, Millis{0}, Millis{0}, options_.timeout};
  transfer_ = upstream.start(std::move(request), *this);
}

void Probe::on_head(int status, Headers headers) {
  status_ = status;
  headers_ = std::move(headers);
}

bool Probe::on_body(std::string_view bytes) {
  if (status_ >= 400) body_.append(bytes.substr(0, kMaxBody - std::min(kMaxBody, body_.size())));
  return true;
}

// Unlike an answer to a client's request, one to a check always says something, unless the path is
// missing.
Verdict Probe::verdict_of_error() const {
  AnswerFacts facts;
  read_json(body_, [&](simdjson::dom::element root) { learn_from_error(root, facts); });
  const std::string message =
      SecretMask({&resource().credential}).apply(facts.error_message, facts.error_message.size());
  Verdict verdict = verdict_of_answer(status_, headers_, clock_.wall(),
                                      {options_.cooldown, options_.max_retry_after},
                                      {facts.error_code, facts.error_type, message});
  if (path_is_missing(status_)) {
    verdict.health = Health::unknown;
  } else if (verdict.health == Health::unknown) {
    verdict.health = Health::unhealthy;
    verdict.blame = Blame::resource;
  }
  verdict.cooldown = std::max(verdict.cooldown, options_.cooldown);
  if (verdict.reason.empty()) verdict.reason = error_reason(status_, {});
  return verdict;
}

Verdict Probe::verdict_of(const UpstreamResult& result) const {
  const VerdictOptions options{options_.cooldown, options_.max_retry_after};
  if (result.error != UpstreamError::none) {
    return verdict_of_failure(result.error, options, result.detail);
  }
  if (health_of_status(status_) == Health::healthy) {
    return verdict_of_answer(status_, headers_, clock_.wall(), options);
  }
  return verdict_of_error();
}

void Probe::on_end(const UpstreamResult& result) {
  const SteadyTime now = clock_.steady();
  Verdict verdict = verdict_of(result);
  verdict.error = false;  // total_errors counts the clients' requests
  HealthCheckResult told{resource().id, verdict.health, status_, verdict.reason, {}};
  told.latency = std::chrono::duration_cast<std::chrono::microseconds>(now - started_);
  if (verdict.health == Health::unknown) {
    verdict.reason.clear();  // nothing is known to be wrong
  } else if (verdict.health != Health::healthy) {
    verdict.reason.insert(0, "health check: ");
  }
  candidate_.state->apply_check(verdict, now);
  done_(told);
}

}  // namespace responses_proxy
