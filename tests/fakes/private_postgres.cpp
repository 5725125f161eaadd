#include "fakes/private_postgres.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "fakes/server_process.h"

namespace responses_proxy::testing {

namespace fs = std::filesystem;

namespace {

fs::path find_programs() {
  fs::path newest;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const fs::path folder = entry.path() / "bin";
    if (!fs::exists(folder / "initdb")) continue;
    if (newest.empty() ||
        std::stoi(entry.path().filename()) > std::stoi(newest.parent_path().filename())) {
      newest = folder;
    }
  }
  if (newest.empty()) throw std::runtime_error("PostgreSQL is not installed (scripts/setup test)");
  return newest;
}

// PostgreSQL refuses to run as root.
const passwd* server_user() {
  if (::getuid() != 0) return ::getpwuid(::getuid());
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* user = ::getpwnam(name)) return user;
  }
  throw std::runtime_error("no user to run PostgreSQL as");
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(file, buffer.data(), buffer.size());
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string contents(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string encoded(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    result += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return result;
}

}  // namespace

PrivatePostgres::PrivatePostgres()
    : programs_(find_programs()),
      user_id_(server_user()->pw_uid),
      group_id_(server_user()->pw_gid),
      port_(free_port()) {
  if (::chown(folder_.path().c_str(), user_id_, group_id_) != 0) {
    throw std::runtime_error("cannot give the data folder away");
  }
  initialize();
  start();
}

PrivatePostgres::~PrivatePostgres() {
  if (process_ != 0) stop();
}

// Only what is safe between fork and exec: the process may have other threads.
pid_t PrivatePostgres::spawn(const std::string& program, std::vector<std::string> arguments,
                             int output) const {
  const std::string path = programs_ / program;
  arguments.insert(arguments.begin(), path);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (::getuid() == 0 &&
      (::setgroups(0, nullptr) != 0 || ::setgid(group_id_) != 0 || ::setuid(user_id_) != 0)) {
    ::_exit(126);
  }
  // SIGQUIT is how PostgreSQL is told to end at once.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent || ::chdir(folder_.path().c_str()) != 0) ::_exit(126);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(path.c_str(), pointers.data());
  ::_exit(127);
}

std::string PrivatePostgres::run(const std::string& program,
                                 std::vector<std::string> arguments) const {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = spawn(program, std::move(arguments), pipe[1]);
  ::close(pipe[1]);
  const std::string output = read_all(pipe[0]);
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error(program + ": " + output);
  return output;
}

void PrivatePostgres::initialize() {
  const fs::path password = folder_.path() / "password";
  std::ofstream(password) << kPassword << '\n';
  run("initdb",
      {"-D", folder_.path() / "data", "-U", kUser, "--pwfile", password, "--no-sync",
       "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256"});
}

void PrivatePostgres::start() {
  const std::string log = folder_.path() / "log";
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  process_ = spawn("postgres",
                   {"-D", folder_.path() / "data", "-k", folder_.path(), "-p",
                    std::to_string(port_), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                    "-c", "full_page_writes=off", "-c", "shared_buffers=64MB"},
                   output);
  ::close(output);
  wait_until_ready();
}

void PrivatePostgres::wait_until_ready() {
  constexpr auto kPatience = std::chrono::seconds(30);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const fs::path pid_file = folder_.path() / "data" / "postmaster.pid";
  while (contents(pid_file).find("\nready") == std::string::npos) {
    int status = 0;
    const bool ended = ::waitpid(process_, &status, WNOHANG) == process_;
    if (ended) process_ = 0;
    if (ended || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("PostgreSQL does not start: " + log_text());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void PrivatePostgres::stop() {
  signal_all(SIGCONT);
  ::kill(process_, SIGQUIT);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

void PrivatePostgres::freeze() {
  signal_all(SIGSTOP);
}

void PrivatePostgres::thaw() {
  signal_all(SIGCONT);
}

void PrivatePostgres::erase() {
  if (process_ != 0) stop();
  fs::remove_all(folder_.path() / "data");
  initialize();
}

void PrivatePostgres::signal_all(int number) const {
  const std::string id = std::to_string(process_);
  std::ifstream children("/proc/" + id + "/task/" + id + "/children");
  ::kill(process_, number);
  for (pid_t child = 0; children >> child;) ::kill(child, number);
}

std::string PrivatePostgres::log_text() const {
  return contents(folder_.path() / "log");
}

std::string PrivatePostgres::create_database() {
  const std::string name = "test_" + std::to_string(++databases_);
  sql("postgres", "CREATE DATABASE " + name);
  return name;
}

std::string PrivatePostgres::url(const std::string& database) const {
  return "postgresql://" + std::string(kUser) + "@" + encoded(folder_.path()) + ":" +
         std::to_string(port_) + "/" + database;
}

std::string PrivatePostgres::tcp_url(const std::string& database) const {
  return "postgresql://" + std::string(kUser) + ":" + encoded(kPassword) +
         "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PrivatePostgres::dump_of(const std::string& database) const {
  return run("pg_dump", {"-d", url(database)});
}

std::string PrivatePostgres::sql(const std::string& database, const std::string& statements) const {
  return run("psql", {"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                      url(database) + "?options=-c%20default_transaction_read_only%3Doff", "-c",
                      statements});
}

}  // namespace responses_proxy::testing
