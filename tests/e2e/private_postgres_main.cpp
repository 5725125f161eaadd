// private-postgres: a PostgreSQL server for as long as standard input stays open.
//
// Prints the URL of an empty database (over TCP, with a password). Then takes one command per line
// and answers "done" or "failed: REASON": stop, start, freeze, thaw, erase (and start, with the
// database made anew), sql STATEMENT or dump (both answered with one line of JSON before "done").
#include <signal.h>

#include <exception>
#include <iostream>
#include <string>

#include "core/json.h"
#include "fakes/private_postgres.h"

namespace responses_proxy::testing {
namespace {

void obey(PrivatePostgres& postgres, const std::string& database, const std::string& command) {
  if (command == "stop") return postgres.stop();
  if (command == "start") return postgres.start();
  if (command == "freeze") return postgres.freeze();
  if (command == "thaw") return postgres.thaw();
  if (command == "erase") {
    postgres.erase();
    postgres.start();
    postgres.sql("postgres", "CREATE DATABASE " + database);
    return;
  }
  if (command == "dump") {
    std::cout << dump(Json(postgres.dump_of(database))) << '\n';
    return;
  }
  if (command.starts_with("sql ")) {
    std::cout << dump(Json(postgres.sql(database, command.substr(4)))) << '\n';
    return;
  }
  throw std::runtime_error("no such command: " + command);
}

int serve() {
  PrivatePostgres postgres;
  const std::string database = postgres.create_database();
  std::cout << postgres.tcp_url(database) << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      obey(postgres, database, line);
      std::cout << "done" << std::endl;
    } catch (const std::exception& error) {
      std::cout << "failed: " << dump(Json(error.what())) << std::endl;
    }
  }
  return 0;
}

}  // namespace
}  // namespace responses_proxy::testing

int main() {
  // The end of standard input ends this program, and nothing else: the server must not outlive it.
  for (const int number : {SIGINT, SIGTERM, SIGPIPE}) signal(number, SIG_IGN);
  try {
    return responses_proxy::testing::serve();
  } catch (const std::exception& error) {
    std::cerr << "private-postgres: " << error.what() << '\n';
    return 1;
  }
}
