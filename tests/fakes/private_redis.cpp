#include "fakes/private_redis.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "fakes/server_process.h"

namespace responses_proxy::testing {

namespace {

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};

std::uint64_t calls_in(const std::string& statistics, std::size_t line) {
  const auto calls = statistics.find("calls=", line);
  return calls == std::string::npos ? 0 : std::stoull(statistics.substr(calls + 6));
}

}  // namespace

PrivateRedis::PrivateRedis(std::vector<std::string> settings)
    : socket_((folder_.path() / "redis.sock").string()),
      settings_(std::move(settings)),
      port_(free_port()) {
  for (std::size_t i = 0; i + 1 < settings_.size(); ++i) {
    if (settings_[i] == "--requirepass") password_ = settings_[i + 1];
  }
  start();
}

PrivateRedis::~PrivateRedis() {
  stop();
}

void PrivateRedis::start() {
  spawn();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (true) {
    try {
      command({"PING"});
      return;
    } catch (const std::runtime_error&) {
      if (std::chrono::steady_clock::now() > deadline) throw;
      if (::waitpid(process_, nullptr, WNOHANG) == process_) {  // somebody else took the port
        port_ = free_port();
        spawn();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // until it listens
    }
  }
}

void PrivateRedis::spawn() {
  std::vector<std::string> words = {"redis-server", "--port",     std::to_string(port_),
                                    "--bind",       "127.0.0.1",  "--unixsocket",
                                    socket_,        "--dir",      folder_.path().string(),
                                    "--save",       "",           "--appendonly",
                                    "no",           "--loglevel", "warning"};
  words.insert(words.end(), settings_.begin(), settings_.end());
  process_ = spawn_server(words);
}

void PrivateRedis::stop() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  ::unlink(socket_.c_str());
  process_ = -1;
}

void PrivateRedis::pause() {
  ::kill(process_, SIGSTOP);
}

void PrivateRedis::resume() {
  ::kill(process_, SIGCONT);
}

RedisOptions PrivateRedis::options() const {
  RedisOptions options;
  options.unix_socket = socket_;
  return options;
}

ReplyPtr PrivateRedis::command(const std::vector<std::string>& words) {
  const std::unique_ptr<redisContext, FreeContext> context(redisConnectUnix(socket_.c_str()));
  if (!context || context->err != 0) throw std::runtime_error("no Redis at " + socket_);
  if (!password_.empty()) {
    const ReplyPtr login(
        static_cast<redisReply*>(redisCommand(context.get(), "AUTH %s", password_.c_str())));
  }
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    lengths.push_back(word.size());
  }
  ReplyPtr reply(static_cast<redisReply*>(redisCommandArgv(
      context.get(), static_cast<int>(words.size()), texts.data(), lengths.data())));
  if (!reply) throw std::runtime_error("Redis went away");
  return reply;
}

std::string PrivateRedis::text(const std::vector<std::string>& words) {
  const ReplyPtr reply = command(words);
  if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
  return std::string(text_of(*reply));
}

std::uint64_t PrivateRedis::calls(const std::string& command_name) {
  const std::string statistics = text({"INFO", "commandstats"});
  if (!command_name.empty()) {
    const auto line = statistics.find("cmdstat_" + command_name + ":");
    return line == std::string::npos ? 0 : calls_in(statistics, line);
  }
  std::uint64_t sum = 0;
  for (auto line = statistics.find("cmdstat_"); line != std::string::npos;
       line = statistics.find("cmdstat_", line + 1)) {
    sum += calls_in(statistics, line);
  }
  return sum;
}

}  // namespace responses_proxy::testing
