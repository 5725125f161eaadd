// A PgBouncer of its own in front of a PrivatePostgres, in transaction mode, with a single session
// on the server: what one client leaves in it, the next one finds.
//
// Errors     Throws std::runtime_error.
#pragma once

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "fakes/private_postgres.h"
#include "fakes/server_process.h"
#include "fakes/temp_folder.h"

namespace responses_proxy::testing {

class PrivatePgBouncer {
 public:
  explicit PrivatePgBouncer(const PrivatePostgres& postgres) : port_(free_port()) {
    const std::string settings = folder_.path() / "pgbouncer.ini";
    std::ofstream(settings) << "[databases]\n* = host=" << postgres.socket_folder().string()
                            << " port=" << postgres.port() << " user=" << PrivatePostgres::kUser
                            << "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_
                            << "\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
                               "default_pool_size = 1\nmax_client_conn = 100\n";
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755});
    std::vector<std::string> words{"/usr/sbin/pgbouncer", "-q", settings};
    if (::getuid() == 0) words.insert(words.begin() + 1, {"-u", "postgres"});  // not as root
    process_ = spawn_server(words);
  }
  ~PrivatePgBouncer() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  PrivatePgBouncer(const PrivatePgBouncer&) = delete;
  PrivatePgBouncer& operator=(const PrivatePgBouncer&) = delete;

  // It may not listen yet.
  std::string url(const std::string& database) const {
    return "postgresql://anybody@127.0.0.1:" + std::to_string(port_) + "/" + database;
  }

 private:
  TempFolder folder_;
  const std::uint16_t port_;
  pid_t process_ = 0;
};

}  // namespace responses_proxy::testing
