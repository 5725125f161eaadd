#include "config/store_urls.h"

#include "config_values/value_parser.h"
#include "postgres/postgres_url.h"
#include "redis/redis_url.h"
#include "sqlite/sqlite_url.h"

namespace responses_proxy::config {

std::string database_url_problem(std::string_view url) {
  if (is_postgres_url(url)) {
    PostgresUrl parsed;
    return parse_postgres_url(url, parsed);
  }
  std::string path;
  return parse_sqlite_url(url, path);
}

std::string redis_url_problem(std::string_view url) {
  RedisOptions options;
  std::string problem = parse_redis_url(url, options);
  if (problem.empty() && options.unix_socket.empty() && !is_host(options.host)) {
    problem = "has no valid host and port";
  }
  return problem;
}

}  // namespace responses_proxy::config
