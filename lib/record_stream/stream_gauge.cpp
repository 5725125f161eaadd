#include "record_stream/stream_gauge.h"

#include <charconv>
#include <utility>

namespace responses_proxy {

namespace {

std::uint64_t number_of(const redisReply* reply) {
  if (reply == nullptr) return 0;
  if (reply->type == REDIS_REPLY_INTEGER) return static_cast<std::uint64_t>(reply->integer);
  const std::string_view text = text_of(*reply);
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

StreamGauge::StreamGauge(StreamOptions options, Millis timeout, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  options_.timeouts = {timeout, timeout};
}

StreamStats StreamGauge::read() {
  {
    const std::scoped_lock lock(mutex_);
    const SteadyTime now = clock_.steady();
    if (asking_ || (asked_at_ && now - *asked_at_ < kFresh)) return last_;
    asking_ = true;
    asked_at_ = now;
  }
  StreamStats stats;
  try {
    stats = ask();
  } catch (const RedisError&) {
    redis_.reset();
  }
  const std::scoped_lock lock(mutex_);
  asking_ = false;
  return last_ = stats;
}

StreamStats StreamGauge::ask() {
  if (!redis_) redis_ = std::make_unique<BlockingConnection>(options_.redis, options_.timeouts);
  redis_->append({"XLEN", options_.stream});
  redis_->append({"XPENDING", options_.stream, options_.group});
  redis_->append({"HMGET", options_.totals(), kWrittenTotal, kPoisonTotal});
  const RedisReply length = redis_->read();
  const RedisReply pending = redis_->read();
  const RedisReply totals = redis_->read();
  StreamStats stats;
  stats.reachable = true;
  stats.length = number_of(&checked(*length));
  // An error: no worker has been here yet.
  if (pending->elements > 0) stats.pending = number_of(pending->element[0]);
  if (checked(*totals).elements == 2) {
    stats.written = number_of(totals->element[0]);
    stats.poison = number_of(totals->element[1]);
  }
  return stats;
}

}  // namespace responses_proxy
