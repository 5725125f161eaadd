#include "responses_proxy/lease.h"

#include <doctest/doctest.h>

#include <optional>
#include <thread>

#include "unit/balance/pool_of.h"

namespace responses_proxy {

namespace {

using testing::PoolOf;

const Verdict kOk{Health::healthy, {}, {}, false, ""};

Lease lease_of(const PoolOf& pool, std::string_view id) {
  const auto table = pool.router.table();
  return {table, *table->find(id), SelectionReason::failover};
}

}  // namespace

TEST_CASE("a lease counts as active for exactly as long as it lives") {
  PoolOf pool({{"a", 1}});
  {
    const Lease lease = lease_of(pool, "a");
    CHECK(lease.resource().id == "a");
    CHECK(lease.reason() == SelectionReason::failover);
    CHECK(lease.reason_word() == SelectionReason::failover);
    CHECK(&lease.state() == &pool.state("a"));
    CHECK(pool.state("a").active() == 1);
    const Lease other = lease_of(pool, "a");
    CHECK(pool.state("a").active() == 2);
  }
  CHECK(pool.state("a").active() == 0);
  CHECK(pool.state("a").total_requests() == 2);
  CHECK(pool.state("a").total_errors() == 0);
  CHECK(pool.state("a").health() == Health::unknown);
}

TEST_CASE("finish tells the state once and ends the lease") {
  PoolOf pool({{"a", 1}});
  Lease lease = lease_of(pool, "a");
  lease.finish({Health::degraded, Millis(1000), {}, true, "HTTP 500"},
               std::chrono::microseconds(70), pool.clock.steady());
  CHECK(pool.state("a").active() == 0);
  CHECK(pool.state("a").health() == Health::degraded);
  CHECK(pool.state("a").last_latency_us() == 70);
  lease.finish(kOk, std::chrono::microseconds(1), pool.clock.steady());
  CHECK(pool.state("a").active() == 0);
  CHECK(pool.state("a").health() == Health::degraded);
  CHECK(pool.state("a").last_latency_us() == 70);
}

TEST_CASE("a lease that was moved from holds nothing") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  std::optional<Lease> from = lease_of(pool, "a");
  std::optional<Lease> to = std::move(*from);
  CHECK(pool.state("a").active() == 1);
  from->finish(kOk, std::chrono::microseconds(1), pool.clock.steady());
  CHECK(pool.state("a").health() == Health::unknown);
  from.reset();
  CHECK(pool.state("a").active() == 1);

  Lease assigned = lease_of(pool, "b");
  assigned = std::move(*to);  // lets go of b
  CHECK(pool.state("a").active() == 1);
  CHECK(pool.state("b").active() == 0);
  to.reset();
  CHECK(pool.state("a").active() == 1);
  Lease& same = assigned;
  assigned = std::move(same);
  CHECK(pool.state("a").active() == 1);
  CHECK(assigned.resource().id == "a");
  assigned.finish(kOk, std::chrono::microseconds(1), pool.clock.steady());
  CHECK(pool.state("a").active() == 0);
}

TEST_CASE("a lease keeps its resource alive through an update of the routes") {
  PoolOf pool({{"a", 1}});
  Lease lease = lease_of(pool, "a");
  const auto table = pool.router.table();
  pool.router.update({});
  CHECK(lease.resource().base_url == "http://a");
  lease.finish(kOk, std::chrono::microseconds(1), pool.clock.steady());
  CHECK(table->find("a")->state->health() == Health::healthy);
}

TEST_CASE("what was learnt of a resource goes with the last table and the last lease") {
  PoolOf pool({{"a", 1}});
  const std::vector<Resource> same{*pool.router.table()->find("a")->resource};
  pool.break_down("a", Millis(1'000));
  {
    const Lease lease = lease_of(pool, "a");
    pool.router.update({});
    pool.router.update(same);
    CHECK(pool.state("a").health() == Health::unhealthy);
    CHECK(&pool.state("a") == &lease.state());
    pool.router.update({});
  }
  pool.router.update(same);
  CHECK(pool.state("a").health() == Health::unknown);
}

TEST_CASE("picks and ends on several threads leave nothing counted") {
  PoolOf pool({{"a", 1}, {"b", 3}});
  std::vector<std::thread> threads;
  std::atomic<int> lost{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        PickResult result = pool.pick();
        auto* lease = std::get_if<Picked>(&result);
        if (lease == nullptr) {
          ++lost;
        } else if (i % 2 == 0) {
          lease->finish(kOk, std::chrono::microseconds(1), pool.clock.steady());
        }
        if (i % 100 == 0)
          pool.router.update({*pool.router.table()->find("a")->resource,
                              *pool.router.table()->find("b")->resource});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(lost == 0);
  CHECK(pool.state("a").active() == 0);
  CHECK(pool.state("b").active() == 0);
  CHECK(pool.state("a").total_requests() + pool.state("b").total_requests() == 4000);
}

}  // namespace responses_proxy
