// The HealthChecker that sends requests: rounds of probes on one event loop.
#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/loop_tasks.h"
#include "health/probe.h"
#include "responses_proxy/dialects.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

namespace {

// All resources once, kParallel at a time.
class Round {
 public:
  using Results = std::vector<HealthCheckResult>;
  // May make none.
  using MakeProbe = std::function<std::unique_ptr<Probe>(const Target&, Probe::Done)>;

  Round(std::shared_ptr<const RoutingTable> table, UpstreamClient& upstream, MakeProbe make_probe,
        std::function<void(Results)> done)
      : table_(std::move(table)),
        upstream_(upstream),
        make_probe_(std::move(make_probe)),
        done_(std::move(done)) {}

  // May call done at once when there is nothing to check.
  void start() {
    while (under_way_ < HealthChecker::kParallel && start_next()) {
    }
    if (under_way_ == 0) end();
  }

 private:
  // The last thing a probe does; the round may be gone afterwards.
  void on_probed(const HealthCheckResult& result) {
    results_.push_back(result);
    --under_way_;
    if (!start_next() && under_way_ == 0) end();
  }

  // The round may be gone afterwards.
  void end() {
    const auto done = std::move(done_);
    done(std::move(results_));
  }

  bool start_next() {
    while (next_ < table_->all().size()) {
      auto probe = make_probe_(table_->all()[next_++],
                               [this](const HealthCheckResult& result) { on_probed(result); });
      if (!probe) continue;
      probes_.push_back(std::move(probe));
      ++under_way_;
      probes_.back()->send(upstream_);
      return true;
    }
    return false;
  }

  const std::shared_ptr<const RoutingTable> table_;
  UpstreamClient& upstream_;
  const MakeProbe make_probe_;
  std::function<void(Results)> done_;
  std::size_t next_ = 0;
  std::size_t under_way_ = 0;
  std::vector<std::unique_ptr<Probe>> probes_;  // all go with the round
  Results results_;
};

class ActiveHealthChecker final : public HealthChecker {
 public:
  ActiveHealthChecker(HealthCheckOptions options, const Router& router, EventLoop& loop,
                      UpstreamClient& upstream, const Clock& clock, const Dialects& dialects)
      : options_(std::move(options)),
        router_(router),
        loop_(loop),
        upstream_(upstream),
        clock_(clock),
        dialects_(dialects) {}

  ~ActiveHealthChecker() override { halt(); }

  void start() override {
    tasks_.post([this] { periodic(); });
  }

  void stop() override { halt(); }

  void check_all(Callback callback) override {
    tasks_.post([this, callback = std::move(callback)] {
      if (stopped_) return callback({});
      waiting_.push_back(callback);
      if (!round_) begin_round();
    });
  }

  void check(std::string_view resource_id) override {
    tasks_.post([this, id = std::string(resource_id)] { check_one(id); });
  }

 private:
  void check_one(const std::string& id) {
    if (stopped_ || singles_.contains(id) || singles_.size() >= kParallel) return;
    const auto table = router_.table();
    const Target* target = table->find(id);
    if (target == nullptr) return;
    // Not gone from there: the probe is still on the stack.
    auto probe = make_probe(table, *target, [this, id](const HealthCheckResult&) {
      tasks_.post([this, id] { singles_.erase(id); });
    });
    if (probe) singles_.emplace(id, std::move(probe)).first->second->send(upstream_);
  }

  // Null: nobody here speaks what the resource speaks, or it is not to be checked.
  std::unique_ptr<Probe> make_probe(std::shared_ptr<const RoutingTable> table, const Target& target,
                                    Probe::Done done) {
    const Dialect* dialect = dialects_.find(target.resource->wire_api);
    const std::string path = target.resource->health_path.value_or(options_.path);
    if (dialect == nullptr || path.empty()) return nullptr;
    return std::make_unique<Probe>(options_, std::move(table), target, *dialect, clock_,
                                   [this, url = target.resource->base_url + "/" + path,
                                    done = std::move(done)](const HealthCheckResult& result) {
                                     if (path_is_missing(result.status_code))
                                       warn_of_missing_path(url, result);
                                     done(result);
                                   });
  }

  // Once per URL.
  void warn_of_missing_path(const std::string& url, const HealthCheckResult& result) {
    if (!pathless_.insert(url).second) return;
    options_.log(
        {LogLevel::warning,
         "health_path_missing",
         fmt::format("{} answers health checks with {}: the path is not there, so that says "
                     "nothing about the keys. Set PROXY_HEALTH_CHECK_PATH to one that is, "
                     "or switch the checks off with PROXY_HEALTH_CHECK_ENABLED=false.",
                     url, result.status_code),
         {{"url", url}, {"status", std::int64_t{result.status_code}}}});
  }

  void periodic() {
    if (stopped_) return;
    if (!round_) begin_round();
    timer_ = loop_.timers().after(options_.interval, [this] { periodic(); });
  }

  void begin_round() {
    answering_ = std::exchange(waiting_, {});
    const auto table = router_.table();
    round_ = std::make_unique<Round>(
        table, upstream_,
        [this, table](const Target& target, Probe::Done done) {
          return make_probe(table, target, std::move(done));
        },
        [this](const std::vector<HealthCheckResult>& results) {
          // Not from here: the last probe is still on the stack.
          tasks_.post([this] { end_round(); });
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
    timer_.reset();
    round_.reset();
    singles_.clear();
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
  const Dialects& dialects_;
  LoopTasks tasks_{loop_};
  // Used on the loop only.
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Round> round_;
  std::unordered_map<std::string, std::unique_ptr<Probe>> singles_;  // by resource id
  std::unordered_set<std::string> pathless_;  // URLs that have been warned of
  std::vector<Callback> answering_;           // who waits for the round under way
  std::vector<Callback> waiting_;             // ... and for the next one
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<HealthChecker> make_health_checker(HealthCheckOptions options, const Router& router,
                                                   EventLoop& loop, UpstreamClient& upstream,
                                                   const Clock& clock, const Dialects& dialects) {
  return std::make_unique<ActiveHealthChecker>(std::move(options), router, loop, upstream, clock,
                                               dialects);
}

}  // namespace responses_proxy
