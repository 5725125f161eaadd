#include "traces/otlp_tracer.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>

#include "core/json.h"
#include "fakes/sample_records.h"
#include "fakes/wait_until.h"

using namespace responses_proxy;
using testing::at_second;
using testing::wait_until;

namespace {

constexpr const char* kSampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr const char* kUnsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

// Takes documents, or not, as the test says.
class Collector {
 public:
  OtlpTracer::Send send() {
    return [this](const std::string& json, std::string& problem) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !held_; });
      problem = "HTTP 503";
      ++asked_;
      if (answer_ == OtlpOutcome::taken) {
        const Json document = Json::parse(json);
        for (const Json& span : document["resourceSpans"][0]["scopeSpans"][0]["spans"]) {
          names_.push_back(span["spanId"]);
        }
      }
      return answer_;
    };
  }
  void hold(bool held) {
    const std::scoped_lock lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  void answer(OtlpOutcome outcome) {
    const std::scoped_lock lock(mutex_);
    answer_ = outcome;
  }
  std::size_t spans() const {
    const std::scoped_lock lock(mutex_);
    return names_.size();
  }
  int asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  OtlpOutcome answer_ = OtlpOutcome::taken;
  int asked_ = 0;
  std::vector<std::string> names_;
};

struct Rig {
  explicit Rig(OtlpTracer::Options options = quick()) {
    tracer = std::make_unique<OtlpTracer>(std::move(options), collector.send(), random,
                                          [this](const LogEvent& event) {
                                            const std::scoped_lock lock(mutex);
                                            events.push_back(event.event);
                                          });
  }
  static OtlpTracer::Options quick() {
    OtlpTracer::Options options;
    options.interval = Millis(1);
    options.longest_pause = Millis(1);
    return options;
  }
  // An exchange with one attempt: two spans.
  void trace_one() {
    auto trace = tracer->begin("");
    REQUIRE(trace);
    tracer->attempt(*trace);
    tracer->end(*trace, testing::sample_record("one", at_second(0)));
  }
  std::vector<std::string> logged() {
    const std::scoped_lock lock(mutex);
    return events;
  }

  Collector collector;
  SeededRandom random{1};
  std::mutex mutex;
  std::vector<std::string> events;
  std::unique_ptr<OtlpTracer> tracer;
};

OtlpTracer::Options sampling(bool obey_parent, double share) {
  OtlpTracer::Options options = Rig::quick();
  options.sampling = {obey_parent, share};
  return options;
}

}  // namespace

TEST_CASE("a trace goes on, or begins here; each attempt has a span of its own") {
  const Rig rig;
  auto trace = rig.tracer->begin(kSampled);
  REQUIRE(trace);
  CHECK(trace->trace_id == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(trace->parent_span_id == "00f067aa0ba902b7");
  CHECK(trace->span_id.size() == 16);
  CHECK(trace->span_id != trace->parent_span_id);
  const std::string first = rig.tracer->attempt(*trace);
  CHECK(first == "00-" + trace->trace_id + "-" + trace->attempts.at(0) + "-01");
  CHECK(rig.tracer->attempt(*trace) != first);
  CHECK(trace->attempts.size() == 2);

  const auto own = rig.tracer->begin("no traceparent at all");
  REQUIRE(own);
  CHECK(own->trace_id.size() == 32);
  CHECK(own->parent_span_id == "");
  CHECK(own->trace_id != rig.tracer->begin("")->trace_id);
}

TEST_CASE("a parent's decision holds, where it is to; else the share decides") {
  struct Row {
    bool obey_parent;
    double share;
    const char* parent;
    bool traced;
  };
  for (const Row& row :
       {Row{true, 1, kUnsampled, false}, Row{true, 0, kSampled, true}, Row{true, 0, "", false},
        Row{true, 1, "", true}, Row{false, 1, kUnsampled, true}, Row{false, 0, kSampled, false}}) {
    CAPTURE(row.obey_parent);
    CAPTURE(row.share);
    CAPTURE(row.parent);
    const Rig rig(sampling(row.obey_parent, row.share));
    CHECK(rig.tracer->begin(row.parent).has_value() == row.traced);
  }
}

TEST_CASE("a share is about as large as it says, and the same for a trace everywhere") {
  const Rig rig(sampling(false, 0.25));
  int traced = 0;
  for (int i = 0; i < 4'000; ++i) traced += rig.tracer->begin("").has_value() ? 1 : 0;
  CHECK(traced > 900);
  CHECK(traced < 1'100);
  const std::string low =
      "00-0000000000000000"
      "0fffffffffffffff-00f067aa0ba902b7-01";
  const std::string high =
      "00-0000000000000000"
      "ffffffffffffffff-00f067aa0ba902b7-01";
  CHECK(rig.tracer->begin(low));
  CHECK_FALSE(rig.tracer->begin(high));
}

TEST_CASE("spans are sent, and counted") {
  Rig rig;
  for (int i = 0; i < 10; ++i) rig.trace_one();
  CHECK(wait_until([&] { return rig.tracer->stats().exported == 20; }));
  CHECK(rig.collector.spans() == 20);
  CHECK(rig.tracer->stats().dropped == 0);
  CHECK(rig.tracer->stats().queued == 0);
}

TEST_CASE("what has no room is dropped and counted, without waiting") {
  OtlpTracer::Options options = Rig::quick();
  options.most_queued = 3;
  options.batch = 2;
  Rig rig(options);
  rig.collector.hold(true);
  rig.trace_one();
  CHECK(wait_until([&] { return rig.tracer->stats().queued == 0; }));  // in hand
  for (int i = 0; i < 5; ++i) rig.trace_one();
  CHECK(rig.tracer->stats().queued == 6);
  CHECK(rig.tracer->stats().dropped == 4);
  rig.collector.hold(false);
  CHECK(wait_until([&] { return rig.tracer->stats().exported == 8; }));
}

TEST_CASE("a collector that does not work is told of once, and tried again") {
  Rig rig;
  rig.collector.answer(OtlpOutcome::later);
  rig.trace_one();
  CHECK(wait_until([&] { return rig.collector.asked() >= 1; }));
  rig.collector.answer(OtlpOutcome::taken);
  CHECK(wait_until([&] { return rig.tracer->stats().exported == 2; }));
  CHECK(rig.tracer->stats().dropped == 0);
  CHECK(rig.logged() == std::vector<std::string>{"outage_begun", "outage_ended"});
}

TEST_CASE("what the collector refuses is dropped") {
  Rig rig;
  rig.collector.answer(OtlpOutcome::refused);
  rig.trace_one();
  CHECK(wait_until([&] { return rig.tracer->stats().dropped == 2; }));
  CHECK(rig.tracer->stats().exported == 0);
}

TEST_CASE("the end sends what is left") {
  OtlpTracer::Options options;
  options.interval = std::chrono::hours(1);
  Rig rig(options);
  rig.trace_one();
  rig.tracer.reset();
  CHECK(rig.collector.spans() == 2);
}
