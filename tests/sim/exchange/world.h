// A whole proxy on simulated time: clients that ask and leave, providers that answer and fail, keys
// that come and go. One event loop, one thread, no I/O.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fakes/fake_sockets.h"
#include "fakes/fake_upstream.h"
#include "fakes/late_state_store.h"
#include "fakes/manual_timers.h"
#include "fakes/recording_sink.h"
#include "responses_proxy/proxy.h"
#include "responses_proxy/table_router.h"
#include "sim/exchange/http_client.h"
#include "sim/exchange/http_provider.h"
#include "sim/exchange/socket_client.h"
#include "sim/exchange/socket_provider.h"
#include "sim/exchange/surroundings.h"

namespace responses_proxy::sim {

class World {
 public:
  World(std::uint64_t seed, std::size_t requests);

  // Until nothing happens any more; then everything is checked.
  void run();
  const Promises& promises() const { return promises_; }
  std::string summary() const;
  // How many records have each error; "" = none.
  const std::map<std::string, std::size_t>& outcomes() const { return outcomes_; }
  // What clients have seen, in words: the same for the same seed.
  std::string story() const;

 private:
  void arrive();
  void open_socket();
  void route_to(std::vector<Resource> resources);
  void change_keys();
  void check_keys();
  void step();
  void look();
  void check_all();
  void check_nothing_left();
  Request draw_request(const std::string& id);
  std::string draw_body();

  Draw draw_;
  Promises promises_;
  Memory memory_;
  testing::ManualClock clock_;
  Script script_{clock_};
  testing::ManualTimers timers_{clock_};
  boost::asio::io_context context_{1};
  EventLoop loop_{context_, timers_};
  EventLoops loops_{std::vector<EventLoop*>{&loop_}};
  const Config config_;
  SeededRandom random_;
  testing::LateStateStore state_;
  TableRouter router_{state_};
  std::vector<std::shared_ptr<const RoutingTable>> tables_;  // all that were in use
  LoadBalancer balancer_{clock_, random_};
  testing::RecordingSink sink_;
  testing::FakeUpstream upstream_;
  testing::FakeSockets sockets_;
  HttpProvider http_provider_{upstream_, script_, draw_, memory_};
  SocketProvider socket_provider_{sockets_, script_, draw_, memory_};
  LaterIndex index_{script_, draw_, memory_};
  LaterHelpers helpers_{script_, draw_};
  LaterHealth health_{script_, draw_, clock_, router_};
  const std::unique_ptr<Dialect> dialect_ = make_responses_dialect();
  std::unique_ptr<Proxy> proxy_;
  std::vector<std::shared_ptr<HttpClient>> clients_;
  std::vector<std::shared_ptr<SocketClient>> socket_clients_;
  std::size_t to_arrive_;
  std::map<std::string, std::size_t> outcomes_;
  bool confirming_ = false;
  std::size_t failovers_ = 0;
};

}  // namespace responses_proxy::sim
