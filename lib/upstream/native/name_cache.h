// NameCache: the addresses of names, looked up off the loop and kept for a while.
//
// Role       One look-up for all who ask meanwhile. Known addresses are used on while they are
// looked
//            up again: a name whose server does not answer holds up nobody who knew it.
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

#include "responses_proxy/clock.h"
#include "responses_proxy/event_loop.h"

namespace responses_proxy {

class NameCache {
 public:
  static constexpr Millis kFresh{60'000};
  static constexpr Millis kStale{600'000};
  static constexpr std::size_t kMaxNames = 512;

  using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;
  using Done = std::function<void(boost::system::error_code error, const Addresses& addresses)>;
  // Calls `done` at most once, not inside the call, and with addresses if it calls without an
  // error.
  using LookUp = std::function<void(const std::string& host, const std::string& port, Done done)>;

  // `clock` must outlive the cache.
  NameCache(const Clock& clock, LookUp look_up_now)
      : clock_(clock), look_up_now_(std::move(look_up_now)) {}
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
  void learn(const Key& key, boost::system::error_code error, const Addresses& found);
  void make_room();

  const Clock& clock_;
  const LookUp look_up_now_;
  std::map<Key, Entry> entries_;
  // Tells an answer on its way that the cache is gone.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Asio's: off the loop, one name after the other on one thread for all of a loop. Addresses come in
// the order in which to try them.
NameCache::LookUp system_look_up(EventLoop& loop);

}  // namespace responses_proxy
