// A PostgreSQL server of its own: a new data folder, a Unix socket and a free port of 127.0.0.1.
// Gone with the object, and with the process.
//
// Threads    One at a time; made on a thread that lives as long as it does.
// Errors     Throws std::runtime_error, with the server's log.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "fakes/temp_folder.h"

namespace responses_proxy::testing {

class PrivatePostgres {
 public:
  // The owner of everything; may log in without a password through the socket only.
  static constexpr const char* kUser = "proxy";
  static constexpr const char* kPassword = "p@ss/word:%";  // over TCP

  PrivatePostgres();
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  // A new, empty database; its name.
  std::string create_database();
  std::string url(const std::string& database) const;      // over the socket
  std::string tcp_url(const std::string& database) const;  // with the password
  std::uint16_t port() const { return port_; }
  const std::filesystem::path& socket_folder() const { return folder_.path(); }
  // Runs SQL as a superuser, in a database that is read-only as well; returns what psql prints.
  std::string sql(const std::string& database, const std::string& statements) const;

  // As pg_dump writes it.
  std::string dump_of(const std::string& database) const;

  void start();
  // Every connection breaks.
  void stop();
  // Connections stay open, and nobody answers.
  void freeze();
  void thaw();
  // The data is lost: the next start() finds an empty server.
  void erase();

 private:
  std::string run(const std::string& program, std::vector<std::string> arguments) const;
  pid_t spawn(const std::string& program, std::vector<std::string> arguments, int output) const;
  void initialize();
  void wait_until_ready();
  void signal_all(int number) const;
  std::string log_text() const;

  const std::filesystem::path programs_;
  const uid_t user_id_;
  const gid_t group_id_;
  TempFolder folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;  // 0 = stopped
  int databases_ = 0;
};

}  // namespace responses_proxy::testing
