// PostgresServer: what the connections to one database share: where it is, whether it can be
// reached, and whether it has this program's tables.
//
// Threads    Safe from any thread.
// Ownership  The clock outlives it.
// Errors     StorageError, free of secrets.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "postgres/postgres_driver.h"
#include "postgres/postgres_url.h"
#include "postgres/socket_deadlines.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/storage_error.h"

namespace responses_proxy {

class PostgresServer {
 public:
  // Between two attempts to connect while the database cannot be reached; who asks meanwhile gets
  // the last error at once.
  static constexpr Millis kPause{500};

  // Throws StorageError for a URL that parse_postgres_url does not take.
  PostgresServer(const std::string& url, const Clock& clock);

  // While the database cannot be reached, one caller at a time tries.
  std::unique_ptr<PostgresDriver> connect();
  // Runs ensure() unless the tables are known to be there.
  void with_schema(const std::function<void()>& ensure);
  // Whoever connects next looks for the tables.
  void doubt_schema();

  // "PostgreSQL database db.example/proxy: the problem", on one line.
  std::string describe(const std::string& problem) const;
  SocketDeadlines& deadlines() { return deadlines_; }
  const Clock& clock() const { return clock_; }

 private:
  void begin_attempt();
  void end_attempt(const std::string& problem);  // "" = it worked

  PostgresUrl url_;
  const Clock& clock_;
  SocketDeadlines deadlines_;
  std::mutex mutex_;     // guards what follows
  std::string problem_;  // why the last attempt failed; "" = it did not
  bool trying_ = false;  // someone, while problem_ is set
  SteadyTime retry_at_;
  bool has_schema_ = false;
};

}  // namespace responses_proxy
