#include "redis/redis_bell.h"

#include <poll.h>

#include <utility>

#include "redis/blocking_connection.h"

namespace responses_proxy {

namespace {

constexpr Millis kLook{200};
constexpr const char* kBlock = "300";  // ms; less than kPatience

RedisTimeouts patience() {
  return {RedisBell::kPatience, RedisBell::kPatience + RedisBell::kPatience};
}

// The id of the newest entry in an XREAD's reply; "" if there is none.
std::string newest_id(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements == 0) return {};
  const redisReply* stream = reply.element[0];
  if (stream->type != REDIS_REPLY_ARRAY || stream->elements < 2) return {};
  const redisReply* entries = stream->element[1];
  if (entries->type != REDIS_REPLY_ARRAY || entries->elements == 0) return {};
  const redisReply* last = entries->element[entries->elements - 1];
  if (last->type != REDIS_REPLY_ARRAY || last->elements == 0) return {};
  return {last->element[0]->str, last->element[0]->len};
}

}  // namespace

RedisBell::RedisBell(RedisOptions options, std::string key, std::function<void()> heard)
    : options_(std::move(options)),
      key_(std::move(key)),
      heard_(std::move(heard)),
      thread_([this] { run(); }) {}

RedisBell::~RedisBell() {
  stopped_ = true;
  thread_.join();
}

void RedisBell::ring() {
  try {
    BlockingConnection(options_, patience())
        .command({"XADD", key_, "MAXLEN", "1", "*", "changed", "1"});
  } catch (const RedisError&) {
    // The others see it when they look next.
  }
}

void RedisBell::run() {
  while (!stopped_) {
    try {
      listen_until_lost();
    } catch (const RedisError&) {
      // Again, after a pause.
    }
    for (Millis waited{0}; waited < kPause && !stopped_; waited += kLook) {
      ::poll(nullptr, 0, static_cast<int>(kLook.count()));
    }
  }
}

void RedisBell::listen_until_lost() {
  BlockingConnection connection(options_, patience());
  std::string last = "$";
  heard_();  // whatever rang while nobody listened
  while (!stopped_) {
    const RedisReply reply = connection.command({"XREAD", "BLOCK", kBlock, "STREAMS", key_, last});
    const std::string id = newest_id(checked(*reply));
    if (id.empty()) continue;
    last = id;
    heard_();
  }
}

}  // namespace responses_proxy
