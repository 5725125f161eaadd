// What every StateStore must do. Run it on an implementation with
//   STATE_STORE_CONTRACT(Backend)
// where Backend is default-constructible, starts out empty and has
//   StateStore& open(const AffinityLimits& limits);   // called once
//   void pass(Millis time);                           // for the store, that much time passes
//   // Runs `call` where calls to the store may be made, and returns once `done` has been called.
//   void await(const std::function<void(std::function<void()> done)>& call);
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "responses_proxy/state_store.h"

namespace responses_proxy::testing {

// A StateStore as straight-line code.
template <class Backend>
class AwaitedStore {
 public:
  explicit AwaitedStore(AffinityLimits limits = {}) : store_(backend_.open(limits)) {}

  std::optional<std::string> find(AffinityKind kind, std::string_view id) {
    std::optional<std::string> resource_id;
    backend_.await([&](std::function<void()> done) {
      store_.find_affinity({kind, id}, [&resource_id, done](std::optional<std::string> found) {
        resource_id = std::move(found);
        done();
      });
    });
    return resource_id;
  }
  void remember(AffinityKind kind, std::string_view id, std::string_view resource_id) {
    backend_.await([&](std::function<void()> done) {
      store_.remember_affinity({kind, id}, resource_id, done);
    });
  }
  void forget(AffinityKind kind, std::string_view id) {
    backend_.await([&](const std::function<void()>& done) {
      store_.forget_affinity({kind, id});
      done();
    });
  }
  void pass(Millis time) { backend_.pass(time); }
  StateStore& operator*() { return store_; }
  StateStore* operator->() { return &store_; }

 private:
  Backend backend_;
  StateStore& store_;
};

inline constexpr AffinityKind kResponse = AffinityKind::response;
inline constexpr AffinityKind kItem = AffinityKind::item;
inline constexpr AffinityKind kSession = AffinityKind::session;
using FoundId = std::optional<std::string>;

TEST_CASE_TEMPLATE_DEFINE("affinity: what is remembered is found", Backend, ss_round_trip) {
  AwaitedStore<Backend> store;
  for (const AffinityKind kind : {kResponse, kItem, kSession, AffinityKind::alias}) {
    CHECK(store.find(kind, "a") == std::nullopt);
    store.remember(kind, "a", "openai-1");
    store.remember(kind, "b", "openai-2");
    CHECK(store.find(kind, "a") == FoundId("openai-1"));
    CHECK(store.find(kind, "b") == FoundId("openai-2"));
    store.remember(kind, "a", "openai-3");
    CHECK(store.find(kind, "a") == FoundId("openai-3"));
    store.forget(kind, "a");
    store.forget(kind, "never seen");
    CHECK(store.find(kind, "a") == std::nullopt);
    CHECK(store.find(kind, "b") == FoundId("openai-2"));
  }
}

TEST_CASE_TEMPLATE_DEFINE("affinity: the kinds do not meet", Backend, ss_kinds) {
  AwaitedStore<Backend> store;
  store.remember(kResponse, "same", "openai-1");
  CHECK(store.find(kSession, "same") == std::nullopt);
  CHECK(store.find(kItem, "same") == std::nullopt);
  store.remember(kItem, "same", "openai-3");
  store.remember(kSession, "same", "openai-2");
  store.forget(kSession, "same");
  CHECK(store.find(kResponse, "same") == FoundId("openai-1"));
  CHECK(store.find(kItem, "same") == FoundId("openai-3"));
}

TEST_CASE_TEMPLATE_DEFINE("affinity: an id is any bytes", Backend, ss_any_bytes) {
  AwaitedStore<Backend> store;
  const std::vector<std::string> ids = {"a b\r\nc",
                                        std::string("nul\0inside", 10),
                                        "nul",
                                        "\xff\xfe",
                                        "日本語",
                                        "{a}:*?[x]",
                                        "A",
                                        "a",
                                        std::string(4096, 'x'),
                                        std::string(4096, 'x') + "y"};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    store.remember(kSession, ids[i], "r" + std::to_string(i));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    CHECK(store.find(kSession, ids[i]) == FoundId("r" + std::to_string(i)));
  }
}

TEST_CASE_TEMPLATE_DEFINE("affinity: a callback is not required", Backend, ss_no_callback) {
  AwaitedStore<Backend> store;
  store->remember_affinity({kResponse, "a"}, "openai-1", {});
  store.remember(kResponse, "b", "openai-1");  // everything before it has arrived, too
  CHECK(store.find(kResponse, "a") == FoundId("openai-1"));
}

TEST_CASE_TEMPLATE_DEFINE("affinity: the number of entries is bounded", Backend, ss_bound) {
  AffinityLimits limits;
  limits.max_entries = 1024;
  AwaitedStore<Backend> store(limits);
  store.remember(kSession, "in use", "openai-1");
  for (int i = 0; i < 5000; ++i) {
    store.remember(kSession, "s" + std::to_string(i), "openai-2");
    REQUIRE(store.find(kSession, "in use") == FoundId("openai-1"));  // the last to go
    REQUIRE(store.find(kSession, "s" + std::to_string(i)) == FoundId("openai-2"));
  }
  const AffinityStats stats = store->affinity_stats();
  CHECK(stats.sessions <= limits.max_entries);
  CHECK(stats.sessions >= limits.max_entries / 2);
  CHECK(stats.sessions + stats.evicted == 5001);
  CHECK(stats.responses == 0);
}

TEST_CASE_TEMPLATE_DEFINE("affinity: a session is forgotten when it is idle", Backend, ss_idle) {
  AffinityLimits limits;
  limits.session_idle = std::chrono::minutes(10);
  AwaitedStore<Backend> store(limits);
  store.remember(kSession, "used", "openai-1");
  store.remember(kSession, "idle", "openai-1");
  for (int i = 0; i < 5; ++i) {
    store.pass(std::chrono::minutes(9));
    CHECK(store.find(kSession, "used") == FoundId("openai-1"));
  }
  CHECK(store.find(kSession, "idle") == std::nullopt);
  store.pass(std::chrono::minutes(10));
  CHECK(store.find(kSession, "used") == std::nullopt);
}

TEST_CASE_TEMPLATE_DEFINE("affinity: a response grows old, used or not", Backend, ss_age) {
  AffinityLimits limits;
  limits.response_age = std::chrono::hours(24);
  AwaitedStore<Backend> store(limits);
  store.remember(kResponse, "old", "openai-1");
  store.pass(std::chrono::hours(23));
  CHECK(store.find(kResponse, "old") == FoundId("openai-1"));
  store.pass(std::chrono::hours(1));
  CHECK(store.find(kResponse, "old") == std::nullopt);

  store.remember(kResponse, "again", "openai-1");
  store.pass(std::chrono::hours(23));
  store.remember(kResponse, "again", "openai-1");
  store.pass(std::chrono::hours(23));
  CHECK(store.find(kResponse, "again") == FoundId("openai-1"));

  store.remember(kItem, "item", "openai-1");
  store.pass(std::chrono::hours(23));
  CHECK(store.find(kItem, "item") == FoundId("openai-1"));
  store.pass(std::chrono::hours(1));
  CHECK(store.find(kItem, "item") == std::nullopt);
}

TEST_CASE_TEMPLATE_DEFINE("affinity: the entries are counted by kind", Backend, ss_stats) {
  AwaitedStore<Backend> store;
  store.remember(kResponse, "r1", "openai-1");
  store.remember(kResponse, "r2", "openai-1");
  store.remember(kResponse, "r2", "openai-2");
  store.remember(kSession, "s1", "openai-1");
  for (const char* id : {"i1", "i2", "i3"}) store.remember(kItem, id, "openai-1");
  store.forget(kResponse, "r1");
  const AffinityStats stats = store->affinity_stats();
  CHECK(stats.responses == 1);
  CHECK(stats.items == 3);
  CHECK(stats.sessions == 1);
  CHECK(stats.evicted == 0);
}

TEST_CASE_TEMPLATE_DEFINE("resource states: one object for what an id points at", Backend,
                          ss_resources) {
  AwaitedStore<Backend> store;
  const auto state = store->resource("openai-1", "a");
  CHECK(state->id() == "openai-1");
  CHECK(store->resource("openai-1", "a") == state);
  CHECK(store->resource("openai-10", "a") != state);
  const auto other = store->resource("openai-1", "b");
  CHECK(other != state);
  CHECK(other->id() == "openai-1");
  CHECK(other->name() != state->name());
  state->acquire();
  CHECK(store->resource("openai-1", "a")->active() == 1);
  CHECK(store->resource("openai-1", "b")->active() == 0);
  state->release();
}

TEST_CASE_TEMPLATE_DEFINE("resource states: gone when nobody holds them", Backend,
                          ss_resources_gone) {
  AwaitedStore<Backend> store;
  auto state = store->resource("openai-1", "a");
  const std::weak_ptr<ResourceState> watched = state;
  state->acquire();
  state->release();
  state.reset();
  CHECK(watched.expired());
  CHECK(store->resource("openai-1", "a")->total_requests() == 0);
}

TEST_CASE_TEMPLATE_DEFINE("changes of health: told to all who observe, while they do", Backend,
                          ss_observed) {
  AwaitedStore<Backend> store;
  const auto state = store->resource("openai-1", "a");
  int first = 0;
  int second = 0;
  auto subscription = store->observe_health([&first](const HealthChange&) { ++first; });
  HealthSubscription once = store->observe_health([&](const HealthChange& change) {
    ++second;
    CHECK(change.resource_id == "openai-1");
    once.reset();  // from inside the call
  });
  const auto fails = [](ResourceState& of, Health health) {
    Verdict verdict;
    verdict.health = health;
    of.apply(verdict, SteadyTime{} + Millis(1'000));
  };
  fails(*state, Health::degraded);
  CHECK(first == 1);
  CHECK(second == 1);
  fails(*state, Health::unhealthy);
  CHECK(first == 2);
  subscription.reset();
  fails(*store->resource("openai-2", "a"), Health::degraded);
  CHECK(first == 2);
  CHECK(second == 1);
}

TEST_CASE_TEMPLATE_DEFINE("a store serves several threads", Backend, ss_threads) {
  AffinityLimits limits;
  limits.max_entries = 256;
  AwaitedStore<Backend> store(limits);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string id = "k" + std::to_string((i * 7 + t) % 400);
        const AffinityKind kind = i % 2 == 0 ? kResponse : kSession;
        const auto state = store->resource("r" + id, "");
        state->acquire();
        store->remember_affinity({kind, id}, "r" + id, {});
        store->find_affinity({kind, id}, [&wrong, id](const FoundId& found) {
          if (found && *found != "r" + id) ++wrong;
        });
        if (i % 5 == 0) store->forget_affinity({kind, id});
        if (store->affinity_stats().sessions > limits.max_entries) ++wrong;
        state->release();
        if (state->active() < 0) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  store.find(kResponse, "another");  // everything before it has been answered, too
  CHECK(wrong == 0);
}

#define STATE_STORE_CONTRACT(Backend)                    \
  TEST_CASE_TEMPLATE_INVOKE(ss_round_trip, Backend);     \
  TEST_CASE_TEMPLATE_INVOKE(ss_kinds, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(ss_any_bytes, Backend);      \
  TEST_CASE_TEMPLATE_INVOKE(ss_no_callback, Backend);    \
  TEST_CASE_TEMPLATE_INVOKE(ss_bound, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(ss_idle, Backend);           \
  TEST_CASE_TEMPLATE_INVOKE(ss_age, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(ss_stats, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(ss_resources, Backend);      \
  TEST_CASE_TEMPLATE_INVOKE(ss_resources_gone, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(ss_observed, Backend);       \
  TEST_CASE_TEMPLATE_INVOKE(ss_threads, Backend)

}  // namespace responses_proxy::testing
