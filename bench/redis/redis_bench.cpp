// What shared live state costs: Redis per second by replicas and resources, and the latency it adds
// to a request. Starts a redis-server of its own. docs/benchmarks.md says how to read it.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fakes/private_redis.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/random.h"
#include "responses_proxy/redis_state_store.h"
#include "responses_proxy/state_sharing.h"

namespace {

using namespace responses_proxy;
using responses_proxy::testing::PrivateRedis;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kMeasured{5};

// One replica: a library instance with a loop of its own.
class Replica {
 public:
  Replica(const std::string& url, std::uint64_t seed, std::size_t resources)
      : random_(seed),
        store_(make_redis_state_store(clock_, random_, {Secret(url), Millis(1'000), {}, {}})) {
    for (std::size_t i = 0; i < resources; ++i) {
      states_.push_back(store_->resource(fmt::format("resource-{}", i), {}));
    }
    store_->sharing()->start(loops_);
    loops_.start();
  }
  ~Replica() {
    loops_.stop();
    store_->sharing()->stop();
  }

  // Nearly every resource has another number of active requests afterwards.
  void change_all() {
    for (const auto& state : states_) {
      const auto wanted = static_cast<std::int64_t>(random_.next() % 16);
      while (state->local_active() < wanted) state->acquire();
      while (state->local_active() > wanted) state->release();
    }
  }
  std::size_t sees() const { return store_->shared_stats()->replicas; }
  StateStore& store() { return *store_; }
  EventLoop& loop() { return loops_.at(0); }

 private:
  SystemClock clock_;
  SeededRandom random_;
  EventLoops loops_{1};
  std::unique_ptr<StateStore> store_;
  std::vector<std::shared_ptr<ResourceState>> states_;
};

double number_in(const std::string& info, const std::string& name) {
  const auto at = info.find(name + ":");
  return at == std::string::npos ? 0 : std::stod(info.substr(at + name.size() + 1));
}

struct Usage {
  double calls, scripts, bytes, cpu;
};

Usage usage(PrivateRedis& redis) {
  const std::string stats = redis.text({"INFO", "stats"});
  const std::string cpu = redis.text({"INFO", "cpu"});
  return {static_cast<double>(redis.calls("")), static_cast<double>(redis.calls("evalsha")),
          number_in(stats, "total_net_input_bytes") + number_in(stats, "total_net_output_bytes"),
          number_in(cpu, "used_cpu_sys") + number_in(cpu, "used_cpu_user")};
}

void measure_ticks(std::size_t replica_count, std::size_t resources, bool busy) {
  PrivateRedis redis;
  std::vector<std::unique_ptr<Replica>> replicas;
  for (std::size_t i = 0; i < replica_count; ++i) {
    replicas.push_back(std::make_unique<Replica>(redis.url(), i + 1, resources));
  }
  while (replicas.front()->sees() != replica_count || replicas.back()->sees() != replica_count) {
    std::this_thread::sleep_for(Millis(10));
  }
  const Usage before = usage(redis);
  const auto start = steady_clock::now();
  while (steady_clock::now() - start < kMeasured) {
    if (busy) {
      for (const auto& replica : replicas) replica->change_all();
    }
    std::this_thread::sleep_for(Millis(25));
  }
  const double seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
  const Usage after = usage(redis);
  fmt::print("{:>8} {:>9} {:>6} {:>14.1f} {:>21.0f} {:>9.0f} {:>7.2f}\n", replica_count, resources,
             busy ? "all" : "none", (after.scripts - before.scripts) / seconds,
             (after.calls - before.calls) / seconds, (after.bytes - before.bytes) / seconds / 1024,
             (after.cpu - before.cpu) / seconds * 100);
}

// Runs one call after the other on the loop, each ending with `done`.
void measure_latency(const char* name, EventLoop& loop, int rounds,
                     const std::function<void(int round, std::function<void()> done)>& call) {
  std::vector<double> micros;
  for (int round = 0; round < rounds; ++round) {
    std::promise<double> took;
    loop.post([&] {
      const auto start = steady_clock::now();
      call(round, [&took, start] {
        took.set_value(
            std::chrono::duration<double, std::micro>(steady_clock::now() - start).count());
      });
    });
    micros.push_back(took.get_future().get());
  }
  std::sort(micros.begin(), micros.end());
  fmt::print("{:<44} {:>9.1f} {:>9.1f}\n", name, micros[micros.size() / 2],
             micros[micros.size() * 99 / 100]);
}

void measure_latencies() {
  constexpr int kRounds = 20'000;
  PrivateRedis redis;
  Replica replica(redis.url(), 1, 8);
  while (!replica.store().shared_stats()->up) std::this_thread::sleep_for(Millis(10));
  StateStore& store = replica.store();
  const auto find = [&](const std::string& id, const std::function<void()>& done) {
    store.find_affinity({AffinityKind::session, id},
                        [done](const std::optional<std::string>&) { done(); });
  };
  fmt::print("\n{:<44} {:>9} {:>9}\n", "what a request waits for", "p50 us", "p99 us");
  measure_latency("look-up, session nobody knows", replica.loop(), kRounds,
                  [&](int round, auto done) { find(fmt::format("new-{}", round), done); });
  measure_latency("entry stored before the last event leaves", replica.loop(), kRounds,
                  [&](int round, auto done) {
                    const std::string id = fmt::format("resp-{}", round);
                    store.remember_affinity({AffinityKind::response, id}, "resource-1", done);
                  });
  store.remember_affinity({AffinityKind::session, "known"}, "resource-1", {});
  measure_latency("look-up, session known here", replica.loop(), kRounds,
                  [&](int, auto done) { find("known", done); });
}

}  // namespace

int main() {
  fmt::print("{:>8} {:>9} {:>6} {:>14} {:>21} {:>9} {:>7}\n", "replicas", "resources", "change",
             "scripts/s", "commands in them, /s", "KiB/s", "CPU %");
  for (const std::size_t replicas : {1, 4, 16}) {
    for (const std::size_t resources : {10, 100, 1000}) measure_ticks(replicas, resources, true);
  }
  measure_ticks(16, 1000, false);
  measure_latencies();
  return 0;
}
