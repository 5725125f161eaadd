// RedisOptions: where Redis is and as whom to log in; made from a URL.
//
// Ownership  Plain values and a pure function.
// Errors     A problem is the end of a sentence ("has no host"), free of the URL's secrets;
//            "" = nothing wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "responses_proxy/secret.h"

namespace responses_proxy {

struct RedisOptions {
  std::string host;  // a name or an address, IPv6 without brackets; "" = the socket
  std::uint16_t port = 6379;
  std::string unix_socket;  // absolute path; "" = host and port
  std::string user;         // "" = the default user
  Secret password;
  std::uint32_t database = 0;
  bool tls = false;

  // "127.0.0.1:6379/0", "[::1]:6379/0", "/run/redis.sock database 0": for logs.
  std::string address() const;
};

// Whether rediss:// works: hiredis has TLS from 1.0 on.
bool redis_has_tls();

// redis[s]://[[user]:password@]host[:port][/database], or with ?db=database;
// unix://[[user]:password@]/path[?db=database], also written redis+unix:// or redis+socket://.
// User, password and path are percent-decoded; a lone name before the "@" is the password.
std::string parse_redis_url(std::string_view url, RedisOptions& options);

}  // namespace responses_proxy
