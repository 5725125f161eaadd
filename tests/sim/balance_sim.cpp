// Requests against failing, slow and rate-limited resources on simulated time: the real router,
// load balancer, states, leases and verdicts; after every step their promises are checked against
// a model that keeps books of its own.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "balance/eligibility.h"
#include "fakes/manual_clock.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/verdict.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxAttempts = 3;
constexpr int kSteps = 20'000;
constexpr int kSessions = 40;
const VerdictOptions kVerdicts{Millis(5'000), Millis(60'000)};

// How one resource behaves, until it changes its mind.
enum class Mood : std::uint8_t { good, slow, rate_limited, failing, unreachable, bad_key };
constexpr int kMoods = 6;

struct Attempt {
  Lease lease;
  SteadyTime started;
  SteadyTime ends;
};

struct Request {
  std::string session;  // "" = none
  std::string pinned;   // response affinity, "" = none
  std::vector<std::string> tried;
  std::optional<Attempt> attempt;
};

// How requests end, each in exactly one way.
struct Outcomes {
  int served = 0;       // 2xx
  int refused = 0;      // the client's own mistake
  int failed = 0;       // the last attempt's failure is the answer
  int turned_away = 0;  // no resource for it
  int left = 0;         // the client went away
  int sum() const { return served + refused + failed + turned_away + left; }
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed), balancer_(clock_, random_) {
    const std::size_t resources = 2 + roll(6);
    for (std::size_t i = 0; i < resources; ++i) {
      const std::string id = fmt::format("r{}", i);
      resources_.push_back({id,
                            id,
                            "p",
                            i % 3 == 2 ? "b" : "a",
                            "http://h",
                            "responses",
                            {},
                            static_cast<double>(1 + roll(5))});
      moods_[id] = Mood::good;
    }
    router_.update(resources_);
  }

  void run() {
    for (int step = 0; step < kSteps; ++step) {
      clock_.advance(Millis(static_cast<Millis::rep>(roll(100))));
      finish_due();
      switch (roll(10)) {
        case 0:
          change_a_mood();
          break;
        case 1:
          abandon_one();
          break;
        case 2:
          if (roll(20) == 0) router_.update(resources_);
          break;
        case 3:
          check_one();
          break;
        default:
          if (running_.size() < 200) arrive();
      }
      check_books();
    }
    while (!running_.empty()) {
      clock_.advance(Millis(1'000));
      finish_due();
      check_books();
    }
    CHECK(outcomes_.sum() == arrived_);
    for (const Resource& resource : resources_) CHECK(state(resource.id).active() == 0);
    // The run has seen something of everything.
    CHECK(outcomes_.served > 0);
    CHECK(outcomes_.failed > 0);
    CHECK(outcomes_.left > 0);
    CHECK(failovers_ > 0);
    CHECK(sessions_kept_ > 0);
    CHECK(sessions_moved_ > 0);
    CHECK(trials_ > 0);
  }
  const Outcomes& outcomes() const { return outcomes_; }

 private:
  std::uint64_t roll(std::uint64_t sides) { return random_.next() % sides; }
  ResourceState& state(const std::string& id) { return *router_.table()->find(id)->state; }

  void arrive() {
    ++arrived_;
    Request request;
    if (roll(3) != 0) request.session = fmt::format("s{}", roll(kSessions));
    if (roll(8) == 0) request.pinned = resources_[roll(resources_.size())].id;
    if (!start_attempt(request)) {
      ++outcomes_.turned_away;
      return;
    }
    running_.push_back(std::move(request));
  }

  // What may be picked, by the rules as they are documented.
  enum class Standing : std::uint8_t { out, last_resort, first };
  Standing standing(const std::string& id, const std::vector<std::string>& tried) {
    const SteadyTime now = clock_.steady();
    const ResourceState& now_state = state(id);
    if (std::find(tried.begin(), tried.end(), id) != tried.end()) return Standing::out;
    if (now < now_state.blocked_until()) return Standing::out;
    const bool cooling = now < now_state.cooldown_until();
    const bool tried_out = now_state.trial_under_way();
    if (now_state.health() == Health::unhealthy) {
      return cooling || tried_out ? Standing::out : Standing::last_resort;
    }
    const bool busy = now_state.on_trial() && tried_out;
    if (now_state.health() == Health::degraded && (cooling || busy)) return Standing::last_resort;
    return Standing::first;
  }

  Standing best_of(const Route& route, const std::vector<std::string>& tried) {
    Standing best = Standing::out;
    for (const Target& target : route.targets) {
      best = std::max(best, standing(target.resource->id, tried));
    }
    return best;
  }

  bool start_attempt(Request& request) {
    const std::string pool = request.session.empty() ? "" : "a";
    const Route route = *router_.route({"m", pool});
    const auto known = sessions_.find(request.session);
    const std::string preferred =
        request.session.empty() || known == sessions_.end() ? "" : known->second;
    const Standing best = best_of(route, request.tried);
    // Before the pick: a lease may be a trial, and that changes the standing.
    std::map<std::string, Standing> standings;
    for (const Resource& resource : resources_) {
      standings[resource.id] = standing(resource.id, request.tried);
    }
    PickResult result = balancer_.pick({.route = route,
                                        .required_resource = request.pinned,
                                        .preferred_resource = preferred,
                                        .tried = request.tried});
    auto* lease = std::get_if<Picked>(&result);
    if (lease == nullptr) {
      check_refusal(result, request.pinned.empty() ? best : standings[request.pinned]);
      return false;
    }
    const std::string id = lease->resource().id;
    const bool preferred_first = standings[preferred] == Standing::first;
    check_pick(request, *lease, pool, preferred_first ? preferred : "", best, standings[id]);
    if (!preferred.empty() && request.pinned.empty() && id != preferred) ++sessions_moved_;
    ++model_active_[id];
    if (!request.tried.empty()) ++failovers_;
    if (!request.session.empty() && request.pinned.empty()) sessions_[request.session] = id;
    request.tried.push_back(id);
    const Millis takes(moods_[id] == Mood::slow ? 2'000 + roll(20'000) : 50 + roll(3'000));
    request.attempt.emplace(Attempt{std::move(*lease), clock_.steady(), clock_.steady() + takes});
    return true;
  }

  void check_pick(const Request& request, const Lease& lease, const std::string& pool,
                  const std::string& preferred, Standing best, Standing picked) {
    const std::string& id = lease.resource().id;
    REQUIRE(picked != Standing::out);
    if (!request.pinned.empty()) {
      REQUIRE(id == request.pinned);
      REQUIRE(lease.reason() == SelectionReason::response_affinity);
      return;
    }
    REQUIRE((pool.empty() || lease.resource().pool_id == pool));
    REQUIRE(picked == best);  // a last resort only when nothing better is left
    if (preferred.empty()) return;
    REQUIRE(id == preferred);
    REQUIRE(lease.reason() == SelectionReason::session_affinity);
    ++sessions_kept_;
  }

  void check_refusal(const PickResult& result, Standing best) {
    const auto* wait = std::get_if<Wait>(&result);
    REQUIRE(wait != nullptr);  // nothing is ever deconfigured here
    REQUIRE(wait->retry_in > Millis(0));
    REQUIRE((wait->error.status == 429 || wait->error.status == 503));
    REQUIRE(best == Standing::out);
  }

  void finish_due() {
    for (auto it = running_.begin(); it != running_.end();) {
      if (clock_.steady() < it->attempt->ends || !finish(*it)) {
        ++it;
      } else {
        it = running_.erase(it);
      }
    }
  }

  // false: it goes on at another resource.
  bool finish(Request& request) {
    const std::string id = request.attempt->lease.resource().id;
    const int status = answer_of(moods_[id]);
    Headers headers;
    if (status == 429 && roll(2) == 0) headers.add("retry-after", std::to_string(1 + roll(90)));
    const Verdict verdict = status == 0 ? verdict_of_failure(UpstreamError::connect, kVerdicts)
                                        : verdict_of(status, headers, clock_.wall(), kVerdicts);
    const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(
        clock_.steady() - request.attempt->started);
    const Health before = state(id).health();
    request.attempt->lease.finish(verdict, latency, clock_.steady());
    --model_active_[id];
    const bool stays = verdict.health == Health::unknown ||
                       (before == Health::unhealthy && verdict.health == Health::degraded);
    REQUIRE(state(id).health() == (stays ? before : verdict.health));
    request.attempt.reset();

    const bool bad = status == 0 || status == 401 || status == 429 || status >= 500;
    if (bad && request.pinned.empty() && request.tried.size() < kMaxAttempts &&
        start_attempt(request)) {
      return false;
    }
    if (bad) {
      ++outcomes_.failed;
    } else {
      ++(status < 300 ? outcomes_.served : outcomes_.refused);
    }
    return true;
  }

  int answer_of(Mood mood) {
    if (roll(20) == 0) return 400;
    switch (mood) {
      case Mood::good:
      case Mood::slow:
        return 200;
      case Mood::rate_limited:
        return 429;
      case Mood::failing:
        return roll(3) == 0 ? 200 : 503;
      case Mood::unreachable:
        return 0;
      case Mood::bad_key:
        return 401;
    }
    return 200;
  }

  void change_a_mood() {
    const std::string& id = resources_[roll(resources_.size())].id;
    moods_[id] = roll(2) == 0 ? Mood::good : static_cast<Mood>(roll(kMoods));
  }

  // A health check asks for no model, so it goes well wherever the key is good.
  void check_one() {
    const std::string& id = resources_[roll(resources_.size())].id;
    ResourceState& checked = state(id);
    const Health before = checked.health();
    const SteadyTime cooldown = checked.cooldown_until();
    const SteadyTime blocked = checked.blocked_until();
    const int status = moods_[id] == Mood::bad_key ? 401 : 200;
    checked.apply_check(verdict_of(status, {}, clock_.wall(), kVerdicts), clock_.steady());
    const bool over = cooldown <= clock_.steady();
    REQUIRE((over || checked.cooldown_until() >= cooldown));
    REQUIRE(checked.blocked_until() == blocked);
    const bool bad = before == Health::degraded || before == Health::unhealthy;
    if (status == 200 && bad && checked.health() != Health::healthy) ++trials_;
    if (status == 200 && clock_.steady() < cooldown) REQUIRE(checked.health() != Health::healthy);
  }

  void abandon_one() {
    if (running_.empty()) return;
    auto it = running_.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(roll(running_.size())));
    --model_active_[it->attempt->lease.resource().id];
    running_.erase(it);  // the lease ends without a verdict
    ++outcomes_.left;
  }

  void check_books() {
    for (const Resource& resource : resources_) {
      REQUIRE(state(resource.id).active() >= 0);
      REQUIRE(state(resource.id).active() == model_active_[resource.id]);
    }
    REQUIRE(outcomes_.sum() + static_cast<int>(running_.size()) == arrived_);
  }

  testing::ManualClock clock_;
  SeededRandom random_;
  std::unique_ptr<StateStore> store_ = make_memory_state_store(clock_);
  TableRouter router_{*store_};
  LoadBalancer balancer_;
  std::vector<Resource> resources_;
  std::map<std::string, Mood> moods_;
  std::map<std::string, std::int64_t> model_active_;
  std::map<std::string, std::string> sessions_;  // where each session was served last
  std::list<Request> running_;
  Outcomes outcomes_;
  int arrived_ = 0;
  int failovers_ = 0;
  int sessions_kept_ = 0;
  int sessions_moved_ = 0;
  int trials_ = 0;
};

std::vector<std::uint64_t> seeds() {
  if (const char* given = std::getenv("RP_SIM_SEED")) {
    return {std::strtoull(given, nullptr, 10)};
  }
  return {1, 2, 3, 4, 5, 6, 7, std::random_device{}()};
}

}  // namespace

TEST_CASE("the load balancer keeps its promises whatever the resources do") {
  for (const std::uint64_t seed : seeds()) {
    CAPTURE(seed);
    Simulation simulation(seed);
    simulation.run();
    const Outcomes& ended = simulation.outcomes();
    fmt::print("RP_SIM_SEED={}: {} served, {} refused, {} failed, {} turned away, {} left\n", seed,
               ended.served, ended.refused, ended.failed, ended.turned_away, ended.left);
  }
}

}  // namespace responses_proxy
