// ProviderTester: one real request to a provider, and what worked of it, step by step.
//
// Role       For whoever registers a provider or an alias: nothing is saved, no state changes.
// Threads    Any thread but the loop's: the caller waits, the request runs on the loop.
// Ownership  Loop, client and clock outlive it.
// Errors     A step that failed, in words; free of the key that was used.
// Blocking   Up to `timeout`, and kSlack.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/loop_tasks.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/dialects.h"
#include "responses_proxy/resource.h"

namespace responses_proxy {

class EventLoop;
class UpstreamClient;

struct TestStep {
  enum class State : std::uint8_t { ok, failed, unknown, skipped };

  std::string name;  // resolve, connect, tls, auth, model; credential, wire_api
  State state = State::skipped;
  std::optional<std::chrono::microseconds> latency = {};
  std::string detail = {};
};

struct TestReport {
  bool ok = false;
  int status = 0;  // of the answer; 0 = there was none
  std::chrono::microseconds latency{0};
  std::vector<TestStep> steps;

  // Nothing was sent.
  static TestReport failed(std::string step, std::string detail);
};

class ProviderTester {
 public:
  static constexpr Millis kSlack{1'000};

  ProviderTester(EventLoop& loop, UpstreamClient& upstream, const Clock& clock, Dialects dialects,
                 Millis timeout)
      : loop_(loop),
        upstream_(upstream),
        clock_(clock),
        dialects_(std::move(dialects)),
        timeout_(timeout) {}

  // As a health check does, at the health path or, where there is none, at "models".
  TestReport test_provider(const Resource& resource);
  // A request for a few tokens of the model.
  TestReport test_model(const Resource& resource, const std::string& model,
                        const std::string& capabilities);

 private:
  struct Call;

  TestReport run(const std::shared_ptr<Call>& call);
  TestReport report_of(const Call& call, std::chrono::microseconds took) const;

  EventLoop& loop_;
  UpstreamClient& upstream_;
  const Clock& clock_;
  const Dialects dialects_;
  const Millis timeout_;
  LoopTasks tasks_{loop_};
};

}  // namespace responses_proxy
