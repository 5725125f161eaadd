// IdleConnections: the connections of one client that nobody uses at the moment.
//
// Limits     At most `max_idle` of all origins, the one that has been idle for longest goes first.
//            None is kept for longer than kMaxIdle, and none is used again that is older than
//            kMaxAge, so that a name that moves is followed.
// Dead ones  are found at once: each is watched, and looked at once more before it is given out.
//            What arrives on an idle connection belongs to no request, and ends it.
#pragma once

#include <cstddef>
#include <memory>

#include "upstream/native/native_connection.h"

namespace responses_proxy {

class IdleConnections final : private NativeConnection::User {
 public:
  static constexpr Millis kMaxIdle{60'000};
  static constexpr Millis kMaxAge{600'000};

  IdleConnections(Origins& origins, std::size_t max_idle)
      : origins_(origins), max_idle_(max_idle) {}

  // The one used last, null if there is none.
  std::shared_ptr<NativeConnection> take(Origin& origin, SteadyTime now);
  void put(std::shared_ptr<NativeConnection> connection, SteadyTime now);
  // Closes those that are too old by now.
  void trim(SteadyTime now);
  void clear();
  std::size_t size() const { return size_; }

 private:
  void on_readable(NativeConnection& connection) override;
  void on_writable(NativeConnection&) override {}

  void drop_oldest();
  void drop(Origin& origin, std::size_t index);

  Origins& origins_;
  const std::size_t max_idle_;
  std::size_t size_ = 0;
};

}  // namespace responses_proxy
