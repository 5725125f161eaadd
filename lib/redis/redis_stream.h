// RedisStream: bytes to and from Redis over TCP, TLS or a Unix socket.
//
// Threads    The loop's.
// Ownership  Handlers keep what they need; after close() they are called with an error.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <memory>

#include "redis/redis_url.h"
#include "responses_proxy/event_loop.h"

namespace responses_proxy {

class RedisStream {
 public:
  using Done = std::function<void(boost::system::error_code error)>;
  using Transferred = std::function<void(boost::system::error_code error, std::size_t bytes)>;

  virtual ~RedisStream() = default;
  // Resolves, connects and, with TLS, shakes hands. All addresses of the host are tried, as
  // AddressWalk does it.
  virtual void connect(Millis within, Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer buffer, Transferred done) = 0;
  virtual void write(boost::asio::const_buffer buffer, Transferred done) = 0;
  virtual void close() = 0;
};

std::shared_ptr<RedisStream> make_redis_stream(EventLoop& loop, const RedisOptions& options);

}  // namespace responses_proxy
