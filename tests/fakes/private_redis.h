// A real redis-server of the test's own: on a Unix socket and a free port, in a temporary folder,
// without persistence. Gone with the object, or with the thread that started it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fakes/temp_folder.h"
#include "redis/redis_url.h"
#include "redis/reply.h"

namespace responses_proxy::testing {

class PrivateRedis {
 public:
  // `settings` as redis-server takes them: {"--requirepass", "x"}.
  explicit PrivateRedis(std::vector<std::string> settings = {});
  ~PrivateRedis();
  PrivateRedis(const PrivateRedis&) = delete;
  PrivateRedis& operator=(const PrivateRedis&) = delete;

  // Starts it; returns once it answers. It is empty.
  void start();
  void stop();    // kill -9
  void pause();   // SIGSTOP: connections stay open, nothing is answered
  void resume();  // SIGCONT

  RedisOptions options() const;  // over the socket, no password
  std::uint16_t port() const { return port_; }
  std::string url() const { return "unix://" + socket_; }

  // Over a connection of its own. Throws std::runtime_error if Redis cannot be reached.
  ReplyPtr command(const std::vector<std::string>& words);
  // The reply as text: strings and statuses as they are, numbers in decimals, "" for nil.
  std::string text(const std::vector<std::string>& words);
  // Calls of a command since CONFIG RESETSTAT; "" = of all.
  std::uint64_t calls(const std::string& command_name);

 private:
  void spawn();

  TempFolder folder_;
  const std::string socket_;
  const std::vector<std::string> settings_;
  std::string password_;
  std::uint16_t port_;
  pid_t process_ = -1;  // -1: stopped
};

}  // namespace responses_proxy::testing
