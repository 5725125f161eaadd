// The HealthChecker that sends requests: rounds of probes on one event loop.
#include <fmt/format.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <future>
#include <utility>

#include "health/verdict.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

namespace {

// What any answer to a probe means; unlike an answer to a client's request it always says
// something.
Health health_of_probe(int status) {
  const Health health = health_of_status(status);
  return health == Health::unknown ? Health::unhealthy : health;
}

class Round;

// One request to one resource.
class Probe final : public UpstreamHandler {
 public:
  Probe(Round& round, const Candidate& candidate) : round_(round), candidate_(candidate) {}
  void send(UpstreamClient& upstream, const HealthCheckOptions& options, SteadyTime now);

 private:
  void on_head(int status, Headers headers) override {
    status_ = status;
    headers_ = std::move(headers);
  }
  bool on_body(std::string_view) override { return true; }
  void on_end(const UpstreamResult& result) override;

  Round& round_;
  const Candidate candidate_;
  SteadyTime started_;
  int status_ = 0;
  Headers headers_;
  std::unique_ptr<UpstreamTransfer> transfer_;
};

// All resources once, kParallel at a time.
class Round {
 public:
  using Done = std::function<void(std::vector<HealthCheckResult>)>;

  Round(const HealthCheckOptions& options, std::shared_ptr<const RoutingSnapshot> snapshot,
        UpstreamClient& upstream, const Clock& clock, Done done)
      : options_(options),
        snapshot_(std::move(snapshot)),
        upstream_(upstream),
        clock_(clock),
        done_(std::move(done)) {}

  // May call done at once when there is nothing to check.
  void start() {
    while (under_way_ < HealthChecker::kParallel && start_next()) {
    }
    if (under_way_ == 0) end();
  }

  // The last thing a probe does; the round may be gone afterwards.
  void on_probed(const Candidate& candidate, int status, const Headers& headers,
                 UpstreamError error, std::chrono::microseconds latency) {
    judge(candidate, status, headers, error, latency);
    --under_way_;
    if (!start_next() && under_way_ == 0) end();
  }
  const Clock& clock() const { return clock_; }

 private:
  // The round may be gone afterwards.
  void end() {
    const Done done = std::move(done_);
    done(std::move(results_));
  }

  bool start_next() {
    if (!snapshot_ || next_ >= snapshot_->all().size()) return false;
    probes_.emplace_back(*this, snapshot_->all()[next_++]);
    ++under_way_;
    probes_.back().send(upstream_, options_, clock_.steady());
    return true;
  }

  void judge(const Candidate& candidate, int status, const Headers& headers, UpstreamError error,
             std::chrono::microseconds latency) {
    HealthCheckResult result{candidate.resource->id, Health::degraded, status, "", latency};
    Verdict verdict = verdict_of_failure(error, {options_.cooldown, options_.max_retry_after});
    if (error == UpstreamError::none) {
      verdict = verdict_of_answer(status, headers, clock_.wall(),
                                  {options_.cooldown, options_.max_retry_after});
      verdict.health = result.health = health_of_probe(status);
      if (result.health == Health::unhealthy) verdict.cooldown = options_.cooldown;
    }
    if (result.health != Health::healthy) {
      result.error = error == UpstreamError::none ? fmt::format("HTTP {}", status)
                                                  : std::string(to_string(error));
      verdict.reason = "health check: " + result.error;
    }
    verdict.error = false;  // total_errors counts the clients' requests
    candidate.state->apply(verdict, clock_.steady());
    results_.push_back(std::move(result));
  }

  const HealthCheckOptions& options_;
  const std::shared_ptr<const RoutingSnapshot> snapshot_;
  UpstreamClient& upstream_;
  const Clock& clock_;
  Done done_;
  std::size_t next_ = 0;
  std::size_t under_way_ = 0;
  std::deque<Probe> probes_;  // stable addresses; all go with the round
  std::vector<HealthCheckResult> results_;
};

void Probe::send(UpstreamClient& upstream, const HealthCheckOptions& options, SteadyTime now) {
  started_ = now;
  UpstreamRequest request;
  request.method = "GET";
  request.url = candidate_.resource->base_url + "/" + options.path;
  request.headers.add("authorization", "Bearer " + candidate_.resource->credential.reveal());
  request.timeouts = {options.timeout, Millis{0}, Millis{0}, options.timeout};
  transfer_ = upstream.start(std::move(request), *this);
}

void Probe::on_end(const UpstreamResult& result) {
  const auto latency =
      std::chrono::duration_cast<std::chrono::microseconds>(round_.clock().steady() - started_);
  round_.on_probed(candidate_, status_, headers_, result.error, latency);
}

class ActiveHealthChecker final : public HealthChecker {
 public:
  ActiveHealthChecker(HealthCheckOptions options, const Router& router, EventLoop& loop,
                      UpstreamClient& upstream, const Clock& clock)
      : options_(std::move(options)),
        router_(router),
        loop_(loop),
        upstream_(upstream),
        clock_(clock),
        timer_(loop.context()) {}

  ~ActiveHealthChecker() override { stop(); }

  void start() override {
    used_ = true;
    loop_.post([this] { periodic(); });
  }

  void stop() override {
    // Nothing of ours is on the loop, or it runs nothing any more: nothing to wait for.
    if (!used_ || loop_.context().stopped() || loop_.on_this_thread()) {
      halt();
      return;
    }
    std::promise<void> halted;
    loop_.post([this, &halted] {
      halt();
      // Behind what the loop has ready to run for this object, the timer say.
      loop_.post([&halted] { halted.set_value(); });
    });
    halted.get_future().wait();
  }

  void check_all(Callback callback) override {
    used_ = true;
    loop_.post([this, callback = std::move(callback)] {
      if (stopped_) return callback({});
      waiting_.push_back(callback);
      if (!round_) begin_round();
    });
  }

 private:
  void periodic() {
    if (stopped_) return;
    if (!round_) begin_round();
    timer_.expires_after(options_.interval);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) periodic();
    });
  }

  void begin_round() {
    answering_ = std::exchange(waiting_, {});
    round_ = std::make_unique<Round>(options_, router_.snapshot(), upstream_, clock_,
                                     [this](const std::vector<HealthCheckResult>& results) {
                                       // Not from here: the last probe is still on the stack.
                                       loop_.post([this] { end_round(); });
                                       answer(answering_, results);
                                     });
    round_->start();
  }

  void end_round() {
    round_.reset();
    if (!stopped_ && !waiting_.empty()) begin_round();
  }

  void halt() {
    stopped_ = true;
    timer_.cancel();
    round_.reset();
    answer(answering_, {});
    answer(waiting_, {});
  }

  static void answer(std::vector<Callback>& callbacks,
                     const std::vector<HealthCheckResult>& results) {
    for (const Callback& callback : std::exchange(callbacks, {})) callback(results);
  }

  const HealthCheckOptions options_;
  const Router& router_;
  EventLoop& loop_;
  UpstreamClient& upstream_;
  const Clock& clock_;
  std::atomic<bool> used_{false};  // something was posted to the loop
  // Used on the loop only.
  boost::asio::steady_timer timer_;
  std::unique_ptr<Round> round_;
  std::vector<Callback> answering_;  // who waits for the round under way
  std::vector<Callback> waiting_;    // ... and for the next one
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<HealthChecker> make_health_checker(HealthCheckOptions options, const Router& router,
                                                   EventLoop& loop, UpstreamClient& upstream,
                                                   const Clock& clock) {
  return std::make_unique<ActiveHealthChecker>(std::move(options), router, loop, upstream, clock);
}

}  // namespace responses_proxy
