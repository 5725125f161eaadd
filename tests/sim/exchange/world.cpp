#include "sim/exchange/world.h"

#include <fmt/format.h>

#include <map>

#include "fakes/compressed.h"
#include "sim/exchange/checks.h"

namespace responses_proxy::sim {

namespace {

constexpr std::size_t kMostTurns = 12;        // of one client's socket
constexpr Millis::rep kBetweenArrivals = 25;  // at most; a request takes about a second

Config make_config(Draw& draw) {
  Config config;
  config.connect_timeout = Millis(1'000);
  config.first_byte_timeout = Millis(3'000);
  config.idle_timeout = Millis(5'000);
  config.request_timeout = Millis(30'000);
  config.resource_cooldown = Millis(3'000);
  config.max_body_bytes = 400'000;
  config.capture_bodies = draw.chance(20);
  if (draw.chance(30)) config.response_affinity = ResponseAffinityMode::prefer;
  if (draw.chance(20)) config.stream_holdback = Millis(0);
  for (std::size_t i = 0; i < 6; ++i) {
    Resource resource;
    resource.id = fmt::format("r{}", i);
    resource.name = resource.id;
    resource.provider_id = "p";
    resource.pool_id = i % 3 == 2 ? "b" : "a";
    resource.base_url = "http://upstream/v1";
    resource.credential = Secret("sk-" + resource.id);
    resource.weight = static_cast<double>(1 + draw.below(3));
    resource.websocket = i % 2 == 0;
    config.resources.push_back(std::move(resource));
  }
  return config;
}

}  // namespace

World::World(std::uint64_t seed, std::size_t requests)
    : draw_(seed),
      config_(make_config(draw_)),
      random_(seed),
      state_(clock_, {.max_entries = 200}),
      to_arrive_(requests) {
  route_to(config_.resources);
  ProxyOptions options{.clock = clock_,
                       .random = random_,
                       .state = state_,
                       .router = router_,
                       .balancer = balancer_,
                       .telemetry = sink_,
                       .loops = loops_,
                       .upstreams = {&upstream_},
                       .dialects = {dialect_.get()},
                       .upstream_sockets = {&sockets_},
                       .index = &index_,
                       .health = &health_,
                       .helpers = &helpers_};
  options.on_decision = [this](const Decision& decision) {
    if (decision.reason == SelectionReason::failover) ++failovers_;
  };
  proxy_ = std::make_unique<Proxy>(config_, std::move(options));
}

void World::run() {
  script_.after(Millis(0), [this] { arrive(); });
  script_.after(Millis(500), [this] { change_keys(); });
  script_.after(Millis(1'000), [this] { check_keys(); });
  if (draw_.chance(50)) {
    const auto about = static_cast<Millis::rep>(to_arrive_) * kBetweenArrivals / 2;
    script_.after(draw_.between(0, about), [this] { proxy_->cancel_all(); });
  }
  while (script_.next_due() || timers_.next_due()) step();
  check_all();
  check_nothing_left();
}

// One thing happens, on the loop; whatever it posts there is done before the next.
void World::step() {
  loop_.post([this] {
    const SteadyTime never = SteadyTime::max();
    const SteadyTime script = script_.next_due().value_or(never);
    const SteadyTime timer = timers_.next_due().value_or(never);
    const bool scripted = script == timer ? draw_.chance(50) : script < timer;
    scripted ? script_.run_next() : timers_.ring_next();
    state_.late = draw_.chance(30);
  });
  context_.restart();
  context_.poll();
  loop_.post([this] { look(); });
  context_.restart();
  context_.poll();
}

void World::look() {
  http_provider_.look();
  socket_provider_.look();
  if (confirming_ || state_.waiting() == 0) return;
  confirming_ = true;
  script_.after(draw_.between(1, 80), [this] {
    confirming_ = false;
    state_.confirm_all();
  });
}

void World::arrive() {
  if (to_arrive_ == 0) return;
  --to_arrive_;
  script_.after(draw_.between(0, kBetweenArrivals), [this] { arrive(); });
  if (draw_.chance(10)) return open_socket();
  const std::string id = fmt::format("c{}", clients_.size() + 1);
  clients_.push_back(std::make_shared<HttpClient>(id, script_, draw_, promises_));
  if (draw_.chance(15)) {
    const auto leaves = [client = clients_.back()] { client->leave(); };
    script_.after(draw_.chance(70) ? draw_.between(0, 300) : draw_.pause(), leaves);
  }
  proxy_->handle(draw_request(id), clients_.back());
}

Request World::draw_request(const std::string& id) {
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers.add("x-request-id", id);
  const bool by_id = draw_.chance(8);
  if (by_id) {
    request.method = draw_.chance(70) ? "GET" : "DELETE";
    request.path += "/" + memory_.draw_response(draw_);
    return request;
  }
  if (draw_.chance(3)) {
    request.method = "GET";
    request.path = draw_.chance(50) ? "/v1/models" : "/v1/nothing/here";
    return request;
  }
  if (draw_.chance(15)) request.headers.add("x-pool-id", draw_.chance(90) ? "a" : "nowhere");
  if (draw_.chance(1)) request.headers.add("upgrade", "websocket");
  request.body = draw_body();
  if (draw_.chance(10)) {
    request.headers.add("content-encoding", "gzip");
    request.body = testing::gzip(request.body);
  }
  return request;
}

std::string World::draw_body() {
  std::string body = R"({"model":"m","input":"hi")";
  if (draw_.chance(75)) body += R"(,"stream":true)";
  if (draw_.chance(40)) {
    body += fmt::format(R"(,"metadata":{{"session_id":"s{}"}})", draw_.below(20));
  }
  if (draw_.chance(20)) {
    body += fmt::format(R"(,"previous_response_id":"{}")", memory_.draw_response(draw_));
  }
  body += draw_.chance(2) ? "" : "}";
  if (draw_.chance(2)) body += std::string(config_.max_body_bytes, ' ');
  return body;
}

void World::open_socket() {
  const std::string id = fmt::format("w{}", socket_clients_.size() + 1);
  auto client = std::make_shared<SocketClient>(id, script_, draw_, promises_);
  socket_clients_.push_back(client);
  Request handshake;
  handshake.method = "GET";
  handshake.path = "/v1/responses";
  promises_.expect(proxy_->accepts_socket(handshake), id, "a socket is taken");
  if (draw_.chance(25)) {
    script_.after(draw_.between(0, 4'000), [client] { client->leave(); });
  }
  auto session = proxy_->open_socket(std::move(handshake), client);
  client->begin(std::move(session), 1 + draw_.below(kMostTurns));
}

void World::route_to(std::vector<Resource> resources) {
  router_.update(std::move(resources));
  tables_.push_back(router_.table());
}

// A key goes, or all are back.
void World::change_keys() {
  if (to_arrive_ == 0) return;
  std::vector<Resource> resources = config_.resources;
  for (std::uint64_t gone = draw_.below(3); gone > 0; --gone) {
    resources.erase(resources.begin() + static_cast<std::ptrdiff_t>(draw_.below(resources.size())));
  }
  route_to(std::move(resources));
  script_.after(draw_.between(100, 3'000), [this] { change_keys(); });
}

void World::check_keys() {
  if (to_arrive_ == 0) return;
  for (const Resource& resource : config_.resources) health_.check(resource.id);
  script_.after(Millis(2'000), [this] { check_keys(); });
}

void World::check_all() {
  const std::vector<RequestRecord> all = sink_.wait_for(0);
  std::map<std::string, Records> by_id;
  for (const RequestRecord& record : all) {
    const bool turn = record.method == "WEBSOCKET";
    ++outcomes_[record.error];
    by_id[turn ? record.session_name : record.client_request_id].push_back(&record);
  }
  for (const auto& client : clients_) {
    check(*client, by_id[client->id()], config_.max_attempts, promises_);
  }
  for (const auto& client : socket_clients_) {
    for (const auto& turn : client->turns()) {
      check(*client, *turn, by_id[turn->id], config_.max_attempts, promises_);
    }
  }
}

void World::check_nothing_left() {
  for (const auto& table : tables_) {
    for (const Target& target : table->all()) {
      promises_.expect(target.state->active() == 0, target.resource->id, "no lease is left");
      promises_.expect(!target.state->trial_under_way(), target.resource->id, "no trial is left");
    }
  }
  promises_.expect(proxy_->active_exchanges() == 0, "the proxy", "no exchange is left");
  promises_.expect(proxy_->open_sockets() == 0, "the proxy", "no client socket is left");
  promises_.expect(http_provider_.transfers_left() == 0, "the proxy", "no transfer is left");
  promises_.expect(socket_provider_.connections_left() == 0, "the proxy",
                   "no upstream socket is left");
  promises_.expect(timers_.waiting() == 0, "the proxy", "no timer is left");
}

std::string World::story() const {
  std::string story;
  for (const auto& client : clients_) {
    story += fmt::format("{} {} {}\n", client->id(), static_cast<int>(client->end()),
                         client->body().size());
  }
  for (const auto& client : socket_clients_) {
    for (const auto& turn : client->turns()) story += turn->id + turn->seen.course() + "\n";
  }
  return story;
}

std::string World::summary() const {
  std::size_t turns = 0;
  for (const auto& client : socket_clients_) turns += client->turns().size();
  return fmt::format("{} requests, {} turns on {} sockets, {} failovers", clients_.size(), turns,
                     socket_clients_.size(), failovers_);
}

}  // namespace responses_proxy::sim
