// NameCache: the addresses of names, looked up off the loop and kept for a while.
//
// Role       One look-up for all who ask meanwhile. Asio looks names up one after the other on a
//            thread of its own, so known addresses are used on while they are looked up again: a
//            name whose server does not answer holds up no other that is known.
// Threads    The loop's.
// Limits     An answer is good for kFresh and of use for kStale; kMaxNames of them.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "responses_proxy/event_loop.h"

namespace responses_proxy {

class NameCache {
 public:
  static constexpr Millis kFresh{60'000};
  static constexpr Millis kStale{600'000};
  static constexpr std::size_t kMaxNames = 512;

  using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;
  using Done = std::function<void(boost::system::error_code error, const Addresses& addresses)>;

  explicit NameCache(EventLoop& loop) : loop_(loop), resolver_(loop.context()) {}
  ~NameCache() { *alive_ = false; }
  NameCache(const NameCache&) = delete;
  NameCache& operator=(const NameCache&) = delete;

  // Calls `done` once, inside this call if the addresses are known, or if `host` is one.
  void look_up(const std::string& host, const std::string& port, Done done);
  // None of its addresses works: the next one who asks gets new ones.
  void forget(const std::string& host, const std::string& port);

 private:
  using Key = std::pair<std::string, std::string>;  // host, port
  struct Entry {
    Addresses addresses;
    SteadyTime since;
    bool asked = false;  // a look-up is under way
    std::vector<Done> waiting;
  };

  void ask(const Key& key);
  void learn(const Key& key, boost::system::error_code error,
             const boost::asio::ip::tcp::resolver::results_type& found);
  void make_room();

  EventLoop& loop_;
  boost::asio::ip::tcp::resolver resolver_;
  std::map<Key, Entry> entries_;
  // Tells an answer on its way that the cache is gone.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace responses_proxy
