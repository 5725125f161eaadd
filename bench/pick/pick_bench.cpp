// bench_pick: what choosing a resource costs, beside an uncontended atomic add pair as the floor.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "responses_proxy/load_balancer.h"
#include "responses_proxy/random.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"

namespace {

using namespace responses_proxy;

constexpr std::array<std::size_t, 3> kEntries{10'000, 100'000, 1'000'000};
constexpr std::array<std::size_t, 4> kPoolSizes{8, 100, 1000, 10'000};

// A lease adds and subtracts once, so nothing that leases can be cheaper than this.
void atomic_pair(benchmark::State& state) {
  std::atomic<std::int64_t> counter{0};
  for (auto _ : state) {
    counter.fetch_add(1, std::memory_order_relaxed);
    counter.fetch_sub(1, std::memory_order_relaxed);
  }
}

struct Pool {
  Pool(std::size_t size, std::size_t every_nth_unhealthy) {
    std::vector<Resource> resources(size);
    for (std::size_t i = 0; i < size; ++i) {
      resources[i].id = fmt::format("openai-{}", i + 1);
      resources[i].weight = static_cast<double>(1 + i % 4);
    }
    router.update(std::move(resources));
    const auto table = router.table();
    for (std::size_t i = 0; i < size; ++i) {
      const bool unhealthy = every_nth_unhealthy > 0 && i % every_nth_unhealthy == 0;
      Verdict verdict;
      verdict.health = unhealthy ? Health::unhealthy : Health::healthy;
      if (unhealthy) verdict.cooldown = std::chrono::hours(1);
      table->all()[i].state->apply(verdict, clock.steady());
    }
  }

  SystemClock clock;
  SeededRandom random{1};
  std::unique_ptr<StateStore> store = make_memory_state_store(clock);
  TableRouter router{*store};
  LoadBalancer balancer{clock, random};
};

void pick_and_finish(benchmark::State& state, Pool& pool) {
  const std::vector<std::string> tried;
  const Result<Route> route = pool.router.route({});
  Verdict verdict;
  verdict.health = Health::healthy;
  for (auto _ : state) {
    PickResult result = pool.balancer.pick({.route = *route, .tried = tried});
    if (auto* lease = std::get_if<Picked>(&result)) {
      lease->finish(verdict, std::chrono::microseconds(1000), pool.clock.steady());
    } else {
      state.SkipWithError("nothing was picked");
    }
  }
}

// As long as the ids of the real service.
std::string id_of(AffinityKind kind, std::size_t number) {
  return kind == AffinityKind::response
             ? fmt::format("resp_{:048x}", number * 0x9E3779B97F4A7C15ULL)
             : fmt::format("{:08x}-0000-7000-8000-{:012x}", number & 0xFFFFFFFF, number);
}

// Both kinds of affinity filled to their bound, and ids to ask for in an order no cache foresees.
struct Affinities {
  explicit Affinities(std::size_t entries)
      : stored(entries + entries / 2),
        store(make_memory_state_store(clock, {.max_entries = entries})) {
    for (const AffinityKind kind : {AffinityKind::response, AffinityKind::session}) {
      for (std::size_t i = 0; i < stored; ++i) {
        store->remember_affinity({kind, id_of(kind, i)}, "openai-1", nullptr);
      }
    }
  }

  // Half as many again as fit, so that every shard of the store is exactly full.
  const std::size_t stored;
  SystemClock clock;
  std::unique_ptr<StateStore> store;
};

constexpr std::size_t kAsked = 1 << 17;

bool holds(StateStore& store, AffinityKind kind, const std::string& id) {
  bool held = false;
  store.find_affinity({kind, id}, [&held](const auto& resource) { held = resource.has_value(); });
  return held;
}

// Ids that the store has, or others.
std::vector<std::string> ids(Affinities& affinities, AffinityKind kind, bool held,
                             std::uint64_t seed) {
  SeededRandom random(seed);
  std::vector<std::string> result;
  while (result.size() < kAsked) {
    const std::size_t number = random.next() % affinities.stored;
    std::string id = id_of(kind, number + (held ? 0 : 10 * affinities.stored));
    if (holds(*affinities.store, kind, id) == held) result.push_back(std::move(id));
  }
  return result;
}

void find(benchmark::State& state, Affinities& affinities, AffinityKind kind, bool hit) {
  const auto asked = ids(affinities, kind, hit, static_cast<std::uint64_t>(state.thread_index()));
  std::size_t found = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    affinities.store->find_affinity({kind, asked[next++ % kAsked]},
                                    [&found](const std::optional<std::string>& resource) {
                                      found += resource.has_value() ? 1 : 0;
                                    });
  }
  if (found != (hit ? next : 0)) state.SkipWithError("unexpected hits or misses");
}

void remember_at_the_bound(benchmark::State& state, Affinities& affinities, AffinityKind kind,
                           std::atomic<std::size_t>& fresh) {
  const std::uint64_t evicted_before = affinities.store->affinity_stats().evicted;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<std::string> batch(1000);
    for (std::string& id : batch) id = id_of(kind, fresh.fetch_add(1));
    state.ResumeTiming();
    for (const std::string& id : batch) {
      affinities.store->remember_affinity({kind, id}, "openai-2", nullptr);
    }
  }
  state.SetItemsProcessed(state.iterations() * 1000);
  if (affinities.store->affinity_stats().evicted == evicted_before) {
    state.SkipWithError("nothing was evicted");
  }
}

struct Benches {
  void register_all() {
    benchmark::RegisterBenchmark("atomic_add_pair", atomic_pair)->Threads(1)->Threads(2);
    for (const std::size_t size : kPoolSizes) {
      add_pool("all_healthy", size, 0);
      add_pool("tenth_unhealthy", size, 10);
    }
    for (const std::size_t entries : kEntries) {
      Affinities& affinities = *affinities_.emplace_back(std::make_unique<Affinities>(entries));
      add_affinity("response", AffinityKind::response, affinities, entries);
      add_affinity("session", AffinityKind::session, affinities, entries);
    }
  }

 private:
  void add_pool(const char* name, std::size_t size, std::size_t every_nth_unhealthy) {
    Pool& pool = *pools_.emplace_back(std::make_unique<Pool>(size, every_nth_unhealthy));
    benchmark::RegisterBenchmark(fmt::format("pick_finish/{}/{}", size, name).c_str(),
                                 [&pool](benchmark::State& state) { pick_and_finish(state, pool); })
        ->Threads(1)
        ->Threads(2);
  }

  // In this order: remembering evicts what the look-ups ask for.
  void add_affinity(const char* name, AffinityKind kind, Affinities& affinities,
                    std::size_t entries) {
    for (const bool hit : {true, false}) {
      benchmark::RegisterBenchmark(
          fmt::format("find_affinity/{}/{}/{}", name, entries, hit ? "hit" : "miss").c_str(),
          [&affinities, kind, hit](benchmark::State& state) { find(state, affinities, kind, hit); })
          ->Threads(1)
          ->Threads(2);
    }
    benchmark::RegisterBenchmark(
        fmt::format("remember_affinity_x1000/{}/{}/evicting", name, entries).c_str(),
        [this, &affinities, kind](benchmark::State& state) {
          remember_at_the_bound(state, affinities, kind, fresh_);
        })
        ->Threads(1)
        ->Threads(2);
  }

  std::vector<std::unique_ptr<Pool>> pools_;
  std::vector<std::unique_ptr<Affinities>> affinities_;
  std::atomic<std::size_t> fresh_{kEntries.back() * 1000};  // numbers of ids that were never stored
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  Benches benches;
  benches.register_all();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
