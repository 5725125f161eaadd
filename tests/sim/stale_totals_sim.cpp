// Many replicas over the same resources, each with the others' active requests one tick old, on
// simulated time, with the real load balancer and states. How uneven does the load become, against
// one process that knows everything?
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "fakes/manual_clock.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kResources = 200;
constexpr Millis kTick{250};
constexpr Millis kWarmUp{20'000};
constexpr Millis kMeasured{20'000};
constexpr Millis kSampleEvery{50};
constexpr double kMeanDuration = 4'000;  // ms
constexpr double kMeanActive = 4'000;    // requests under way, all replicas together

enum class Knowledge : std::uint8_t {
  exact,           // one process
  stale_smallest,  // the smallest of what is known wins
  stale,           // as LoadBalancer does with other replicas
};

std::vector<Resource> make_resources() {
  std::vector<Resource> resources;
  for (std::size_t i = 0; i < kResources; ++i) {
    resources.push_back({fmt::format("r{}", i),
                         fmt::format("r{}", i),
                         "p",
                         "main",
                         "http://h",
                         "responses",
                         {},
                         static_cast<double>(1 + i % 3)});
  }
  return resources;
}

// One process, and what the shared store has of it.
struct Replica {
  Replica(const Clock& clock, Random& random, bool peers)
      : balancer(clock, random, {.scan_up_to = kResources}) {
    router.update(make_resources());
    route.emplace(*router.route({"m", ""}));
    for (const Target& target : route->targets) target.state->set_has_peers(peers);
    published.resize(kResources);
  }

  testing::ManualClock clock_of_store;
  std::unique_ptr<StateStore> store = make_memory_state_store(clock_of_store);
  TableRouter router{*store};
  LoadBalancer balancer;
  std::optional<Route> route;
  std::vector<std::int64_t> published;
};

struct Running {
  Millis ends;
  std::shared_ptr<Lease> lease;
  bool operator<(const Running& other) const { return ends > other.ends; }  // soonest on top
};

// Max over mean of active/weight: at the median moment and at the worst one in a hundred.
struct Imbalance {
  double median = 0;
  double worst = 0;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, std::size_t replicas, Knowledge knowledge)
      : generator_(seed), random_(seed), resources_(make_resources()), totals_(kResources) {
    for (std::size_t i = 0; i < replicas; ++i) {
      replicas_.push_back(
          std::make_unique<Replica>(clock_, random_, knowledge == Knowledge::stale));
    }
  }

  Imbalance run() {
    Millis next_sample = kWarmUp;
    double next_arrival = 0;
    for (Millis now{0}; now < kWarmUp + kMeasured; ++now) {
      while (!running_.empty() && running_.top().ends <= now) running_.pop();
      // Replicas tick one after the other, not at once.
      for (std::size_t i = 0; i < replicas_.size(); ++i) {
        const auto phase = static_cast<Millis::rep>(i * kTick.count() / replicas_.size());
        if (now % kTick == Millis(phase)) tick(*replicas_[i]);
      }
      for (; next_arrival <= static_cast<double>(now.count());
           next_arrival += exponential(kMeanDuration / kMeanActive)) {
        arrive(now);
      }
      if (now >= next_sample) {
        sample();
        next_sample += kSampleEvery;
      }
      clock_.advance(Millis(1));
    }
    std::sort(samples_.begin(), samples_.end());
    return {samples_[samples_.size() / 2], samples_[samples_.size() * 99 / 100]};
  }

 private:
  double exponential(double mean) {
    return std::exponential_distribution<double>(1 / mean)(generator_);
  }

  void tick(Replica& replica) {
    for (std::size_t i = 0; i < kResources; ++i) {
      ResourceState& state = *replica.route->targets[i].state;
      totals_[i] += state.local_active() - replica.published[i];
      replica.published[i] = state.local_active();
      state.set_remote_active(totals_[i] - replica.published[i]);
    }
  }

  void arrive(Millis now) {
    Replica& replica = *replicas_[random_.next() % replicas_.size()];
    PickResult result = replica.balancer.pick({.route = *replica.route, .tried = {}});
    const Millis takes(static_cast<Millis::rep>(std::ceil(exponential(kMeanDuration))));
    running_.push({now + takes, std::make_shared<Lease>(std::move(std::get<Picked>(result)))});
  }

  void sample() {
    double most = 0;
    double active = 0;
    double weights = 0;
    for (std::size_t i = 0; i < kResources; ++i) {
      std::int64_t here = 0;
      for (const auto& replica : replicas_) {
        here += replica->route->targets[i].state->local_active();
      }
      most = std::max(most, static_cast<double>(here) / resources_[i].weight);
      active += static_cast<double>(here);
      weights += resources_[i].weight;
    }
    samples_.push_back(most / (active / weights));
  }

  testing::ManualClock clock_;
  std::mt19937_64 generator_;
  SeededRandom random_;
  std::vector<Resource> resources_;
  std::vector<std::int64_t> totals_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::priority_queue<Running> running_;
  std::vector<double> samples_;
};

std::uint64_t seed_of_this_run() {
  const char* given = std::getenv("RP_SIM_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

}  // namespace

TEST_CASE("100 replicas with totals one tick old do not run after the same resource") {
  const std::uint64_t seed = seed_of_this_run();
  CAPTURE(seed);
  const Imbalance exact = Simulation(seed, 1, Knowledge::exact).run();
  const Imbalance smallest = Simulation(seed, 100, Knowledge::stale_smallest).run();
  const Imbalance stale = Simulation(seed, 100, Knowledge::stale).run();
  fmt::print(
      "RP_SIM_SEED={}: busiest resource over mean, median (99th percentile): exact {:.2f} "
      "({:.2f}), "
      "stale {:.2f} ({:.2f}), stale and the smallest wins {:.2f} ({:.2f})\n",
      seed, exact.median, exact.worst, stale.median, stale.worst, smallest.median, smallest.worst);
  CHECK(exact.worst < 1.2);
  CHECK(stale.worst < 2.0);
  CHECK(smallest.median > 2 * stale.median);  // what it is about
}

}  // namespace responses_proxy
