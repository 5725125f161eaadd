#include "postgres/postgres_listener.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <memory>
#include <string>
#include <utility>

#include "postgres/postgres_url.h"
#include "responses_proxy/storage_error.h"

namespace responses_proxy {

namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

// Whether anything was notified; all of it is taken.
bool take_notifications(PGconn* connection) {
  bool any = false;
  while (PGnotify* one = PQnotifies(connection)) {
    PQfreemem(one);
    any = true;
  }
  return any;
}

// A pool in between makes up a process number for its clients. LISTEN would stay behind in a
// session that others use next, and nobody would hear.
bool is_own_session(PGconn* connection) {
  const Answer answer(PQexec(connection, "SELECT pg_backend_pid()"), &PQclear);
  return PQresultStatus(answer.get()) == PGRES_TUPLES_OK &&
         std::to_string(PQbackendPID(connection)) == PQgetvalue(answer.get(), 0, 0);
}

}  // namespace

PostgresListener::PostgresListener(const std::string& url, std::string channel,
                                   std::function<void()> heard)
    : channel_(std::move(channel)), heard_(std::move(heard)) {
  PostgresUrl parsed;
  const std::string problem = parse_postgres_url(url, parsed);
  if (!problem.empty()) throw StorageError("Cannot open the database: its URL " + problem);
  connection_ = parsed.connection;
  thread_ = std::thread([this] { run(); });
}

PostgresListener::~PostgresListener() {
  stopped_ = true;
  thread_.join();
}

void PostgresListener::run() {
  do {
    listen_until_lost();
    // In small steps: whoever stops waits for them.
    for (Millis waited{0}; waited < kPause && !stopped_; waited += kLook) {
      ::poll(nullptr, 0, static_cast<int>(kLook.count()));
    }
  } while (!stopped_);
}

void PostgresListener::listen_until_lost() {
  const Connection connection(PQconnectdb(connection_.c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK || !is_own_session(connection.get())) return;
  const Answer answer(PQexec(connection.get(), fmt::format("LISTEN {}", channel_).c_str()),
                      &PQclear);
  if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) return;
  heard_();
  while (!stopped_) {
    pollfd socket{PQsocket(connection.get()), POLLIN, 0};
    if (::poll(&socket, 1, static_cast<int>(kLook.count())) <= 0) continue;
    if (PQconsumeInput(connection.get()) == 0) return;
    if (take_notifications(connection.get())) heard_();
    if (PQstatus(connection.get()) != CONNECTION_OK) return;
  }
}

}  // namespace responses_proxy
