#include "redis/blocking_connection.h"

#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#ifdef RP_REDIS_TLS
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace responses_proxy {

namespace {

timeval to_timeval(Millis duration) {
  timeval value{};
  value.tv_sec = static_cast<time_t>(duration.count() / 1'000);
  value.tv_usec = static_cast<suseconds_t>(duration.count() % 1'000 * 1'000);
  return value;
}

// hiredis writes to a socket that may be closed, and a host need not ignore SIGPIPE.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec at_once{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

constexpr Millis kLeast{100};  // to connect to one address, however many there are

std::string problem_of(const redisContext* context) {
  return context == nullptr ? "out of memory" : context->errstr;
}

[[noreturn]] void fail(const redisContext* context) {
  throw RedisError(problem_of(context));
}

}  // namespace

const redisReply& checked(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) throw RedisRefusal(problem_of(reply));
  return reply;
}

std::vector<std::string> BlockingConnection::system_addresses(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed != 0) throw RedisError(::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  return addresses;
}

BlockingConnection::Context BlockingConnection::connect(const RedisOptions& options, Millis timeout,
                                                        const Resolve& resolve) {
  if (options.unix_socket.empty()) {
    return connect_to_any(resolve(options.host), options.port, timeout);
  }
  Context context(redisConnectUnixWithTimeout(options.unix_socket.c_str(), to_timeval(timeout)));
  if (!context || context->err != 0) fail(context.get());
  return context;
}

// hiredis itself would look IPv4 up first and stop at the first address that refuses.
BlockingConnection::Context BlockingConnection::connect_to_any(
    const std::vector<std::string>& addresses, int port, Millis timeout) {
  const Millis share = std::max(timeout / static_cast<Millis::rep>(addresses.size()), kLeast);
  std::string problems;
  for (const std::string& address : addresses) {
    Context context(redisConnectWithTimeout(address.c_str(), port, to_timeval(share)));
    if (context && context->err == 0) return context;
    if (!problems.empty()) problems += ", ";
    problems += address + ": " + problem_of(context.get());
  }
  throw RedisError(problems);
}

BlockingConnection::BlockingConnection(const RedisOptions& options, RedisTimeouts timeouts,
                                       const Resolve& resolve)
    : context_(connect(options, timeouts.connect, resolve)) {
  if (redisSetTimeout(context_.get(), to_timeval(timeouts.command)) != REDIS_OK) {
    fail(context_.get());
  }
  if (options.unix_socket.empty()) redisEnableKeepAlive(context_.get());
  if (options.tls) start_tls(options);
  log_in(options);
}

void BlockingConnection::log_in(const RedisOptions& options) {
  if (!options.password.empty() && options.user.empty()) {
    command({"AUTH", options.password.reveal()});
  } else if (!options.password.empty()) {
    command({"AUTH", options.user, options.password.reveal()});
  }
  if (options.database != 0) command({"SELECT", std::to_string(options.database)});
}

#ifdef RP_REDIS_TLS
void BlockingConnection::start_tls(const RedisOptions& options) {
  const NoSigpipe no_sigpipe;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> settings(SSL_CTX_new(TLS_client_method()),
                                                                   &SSL_CTX_free);
  if (!settings || SSL_CTX_set_default_verify_paths(settings.get()) != 1) {
    throw RedisError("TLS cannot be set up");
  }
  SSL_CTX_set_verify(settings.get(), SSL_VERIFY_PEER, nullptr);
  std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(settings.get()), &SSL_free);
  if (!tls || SSL_set_tlsext_host_name(tls.get(), options.host.c_str()) != 1 ||
      SSL_set1_host(tls.get(), options.host.c_str()) != 1) {
    throw RedisError("TLS cannot be set up");
  }
  // On failure hiredis has not taken it over.
  if (redisInitiateSSL(context_.get(), tls.get()) != REDIS_OK) fail(context_.get());
  tls.release();
}
#else
void BlockingConnection::start_tls(const RedisOptions&) {
  throw RedisError("this build's hiredis lacks TLS");
}
#endif

RedisReply BlockingConnection::command(std::initializer_list<std::string_view> arguments) {
  return command(Arguments(arguments.begin(), arguments.size()));
}

RedisReply BlockingConnection::command(Arguments arguments) {
  append(arguments);
  RedisReply reply = read();
  checked(*reply);
  return reply;
}

void BlockingConnection::append(std::initializer_list<std::string_view> arguments) {
  append(Arguments(arguments.begin(), arguments.size()));
}

void BlockingConnection::append(Arguments arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  texts.reserve(arguments.size());
  lengths.reserve(arguments.size());
  for (const std::string_view argument : arguments) {
    texts.push_back(argument.data() == nullptr ? "" : argument.data());
    lengths.push_back(argument.size());
  }
  if (redisAppendCommandArgv(context_.get(), static_cast<int>(texts.size()), texts.data(),
                             lengths.data()) != REDIS_OK) {
    fail(context_.get());
  }
}

RedisReply BlockingConnection::read() {
  void* reply = nullptr;
  if (redisGetReplyFromReader(context_.get(), &reply) != REDIS_OK) fail(context_.get());
  if (reply != nullptr) return RedisReply(static_cast<redisReply*>(reply));
  const NoSigpipe no_sigpipe;
  if (redisGetReply(context_.get(), &reply) != REDIS_OK || reply == nullptr) {
    // What a time-out of the socket is called.
    if (context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      throw RedisError("it does not answer in time");
    }
    fail(context_.get());
  }
  return RedisReply(static_cast<redisReply*>(reply));
}

}  // namespace responses_proxy
