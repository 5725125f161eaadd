// BlockingConnection: a connection to Redis for a thread of its own, one command after the other or
// several in one round trip.
//
// Threads    One at a time.
// Errors     The constructor and every command throw RedisError when Redis cannot be reached, does
//            not answer in time or refuses the log-in; the connection is of no use then. An error
//            that Redis answers is a reply of read(), and a RedisRefusal of command(), after which
//            the connection goes on. No message holds a password.
// Blocking   Every call, up to the time-outs; the look-up of a host name is not covered by them.
#pragma once

#include <hiredis/hiredis.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "redis/redis_url.h"
#include "redis/reply.h"
#include "responses_proxy/clock.h"

namespace responses_proxy {

class RedisError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// "NOGROUP No such key ...", as Redis says it.
class RedisRefusal : public RedisError {
 public:
  using RedisError::RedisError;
  bool is(std::string_view code) const { return std::string_view(what()).starts_with(code); }
};

using RedisReply = ReplyPtr;

// Throws RedisRefusal for an error.
const redisReply& checked(const redisReply& reply);

struct RedisTimeouts {
  Millis connect{1'000};
  Millis command{2'000};  // for one reply; a command that blocks must ask for less
};

class BlockingConnection {
 public:
  using Arguments = std::span<const std::string_view>;

  // The addresses of a host as text, at least one; throws RedisError if there is none.
  using Resolve = std::function<std::vector<std::string>(const std::string& host)>;
  static std::vector<std::string> system_addresses(const std::string& host);

  // Connects, logs in and selects the database. All addresses of the host are tried in turn; the
  // time to connect is shared among them.
  explicit BlockingConnection(const RedisOptions& options, RedisTimeouts timeouts = {},
                              const Resolve& resolve = system_addresses);

  RedisReply command(std::initializer_list<std::string_view> arguments);
  RedisReply command(Arguments arguments);

  // A pipeline: as many read() as append(), in the same order. Nothing is sent before the first
  // read(), so a pipeline should not be larger than a megabyte or so.
  void append(std::initializer_list<std::string_view> arguments);
  void append(Arguments arguments);
  RedisReply read();

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  void log_in(const RedisOptions& options);
  void start_tls(const RedisOptions& options);

  using Context = std::unique_ptr<redisContext, FreeContext>;

  static Context connect(const RedisOptions& options, Millis timeout, const Resolve& resolve);
  static Context connect_to_any(const std::vector<std::string>& addresses, int port,
                                Millis timeout);

  Context context_;
};

}  // namespace responses_proxy
