#include "redis/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "core/append_number.h"

namespace responses_proxy {

namespace {

using boost::system::error_code;

// Expires by itself; Redis refuses it exactly when it refuses what we write later.
constexpr std::string_view kProbeKey = "rp:probe";

// The head of an array or of a string in Redis' protocol.
void append_count(std::string& to, char type, std::size_t count) {
  to += type;
  append_number(to, count);
  to += "\r\n";
}

}  // namespace

RedisSession::RedisSession(EventLoop& loop, const RedisOptions& options,
                           const RedisSessionLimits& limits, RedisSessionOwner& owner)
    : loop_(loop),
      timers_(loop.timers()),
      options_(options),
      limits_(limits),
      owner_(&owner),
      stream_(make_redis_stream(loop, options)),
      reader_(redisReaderCreate()) {}

void RedisSession::start() {
  watch_ = timers_.after(limits_.connect_timeout, [this] { end("no connection in time"); });
  stream_->connect(limits_.connect_timeout, [self = shared_from_this()](error_code error) {
    if (self->owner_ == nullptr) return;
    if (error) return self->end(error.message());
    self->log_in();
    self->read();
  });
}

void RedisSession::log_in() {
  const auto ask = [this](std::initializer_list<std::string_view> command, bool last) {
    Answer answer = [this, last](const redisReply* reply) { on_login(reply, last); };
    send(std::span(command.begin(), command.size()), false, answer);
  };
  if (!options_.user.empty()) {
    ask({"AUTH", options_.user, options_.password.reveal()}, false);
  } else if (!options_.password.empty()) {
    ask({"AUTH", options_.password.reveal()}, false);
  }
  if (options_.database != 0) ask({"SELECT", std::to_string(options_.database)}, false);
  ask({"SET", kProbeKey, "1", "PX", "1000"}, true);
}

void RedisSession::on_login(const redisReply* reply, bool last) {
  if (owner_ == nullptr || reply == nullptr) return;
  if (is_error(*reply)) return end(problem_of(*reply));
  if (!last) return;
  established_ = true;
  watch_.reset();
  owner_->logged_in();
}

bool RedisSession::send(std::span<const std::string_view> command, bool budgeted, Answer& answer) {
  if (owner_ == nullptr || waiting_.size() >= limits_.max_waiting ||
      queued_.size() >= limits_.max_queued_bytes) {
    return false;
  }
  enqueue(command);
  waiting_.push_back({std::move(answer), timers_.now(), budgeted});
  if (established_) watch();
  write_soon();
  return true;
}

void RedisSession::enqueue(std::span<const std::string_view> command) {
  append_count(queued_, '*', command.size());
  for (const std::string_view argument : command) {
    append_count(queued_, '$', argument.size());
    queued_.append(argument).append("\r\n");
  }
}

// What else is sent in this turn of the loop goes out with it.
void RedisSession::write_soon() {
  if (std::exchange(writes_, true)) return;
  loop_.post([self = shared_from_this()] {
    if (self->owner_ != nullptr) self->write();
  });
}

void RedisSession::write() {
  writes_ = !queued_.empty();
  if (!writes_) return;
  writing_.clear();
  std::swap(writing_, queued_);
  stream_->write(boost::asio::buffer(writing_),
                 [self = shared_from_this()](error_code error, std::size_t) {
                   if (self->owner_ == nullptr) return;
                   if (error) return self->end(error.message());
                   self->write();
                 });
}

void RedisSession::read() {
  stream_->read_some(boost::asio::buffer(input_),
                     [self = shared_from_this()](error_code error, std::size_t bytes) {
                       if (self->owner_ == nullptr) return;
                       if (error == boost::asio::error::eof) {
                         return self->end("Redis closed the connection");
                       }
                       if (error) return self->end(error.message());
                       redisReaderFeed(self->reader_.get(), self->input_.data(), bytes);
                       self->take_replies();
                       if (self->owner_ != nullptr) self->read();
                     });
}

void RedisSession::take_replies() {
  while (owner_ != nullptr) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) return end(reader_->errstr);
    if (raw == nullptr) break;
    const ReplyPtr reply(static_cast<redisReply*>(raw));
    if (waiting_.empty()) return end("Redis sent a reply nobody asked for");
    take(*reply);
  }
  if (owner_ != nullptr && established_) watch();
}

void RedisSession::take(const redisReply& reply) {
  const Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  if (looked_at_ > 0) --looked_at_;
  if (established_) {
    const bool late = timers_.now() - first.sent > limits_.budget;
    late ? owner_->late(static_cast<bool>(first.answer)) : owner_->in_time();
  }
  const bool refused = established_ && refuses_service(reply);
  if (first.answer) first.answer(&reply);
  if (refused && owner_ != nullptr) end(std::string(text_of(reply)));
}

// Wakes when the next budget is over or Redis has been silent for too long, whichever is first; or
// earlier, which costs less than moving the timer with every reply.
void RedisSession::watch() {
  if (waiting_.empty()) return;
  auto due = waiting_.front().sent + limits_.give_up;
  while (looked_at_ < waiting_.size() && !waiting_[looked_at_].budgeted) ++looked_at_;
  if (looked_at_ < waiting_.size()) {
    due = std::min(due, waiting_[looked_at_].sent + limits_.budget);
  }
  if (wakes_at_ <= due) return;
  wakes_at_ = due;
  watch_ = timers_.at(due, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_watch();
  });
}

void RedisSession::on_watch() {
  wakes_at_ = SteadyTime::max();
  const auto now = timers_.now();
  if (!waiting_.empty() && now >= waiting_.front().sent + limits_.give_up) {
    return end(fmt::format("no answer for {} ms", limits_.give_up.count()));
  }
  while (owner_ != nullptr && looked_at_ < waiting_.size()) {
    Waiting& next = waiting_[looked_at_];
    if (next.budgeted) {
      if (now < next.sent + limits_.budget) break;
      const Answer answer = std::exchange(next.answer, {});
      ++looked_at_;
      owner_->late(true);
      answer(nullptr);
    } else {
      ++looked_at_;
    }
  }
  if (owner_ != nullptr) watch();
}

void RedisSession::abandon() {
  owner_ = nullptr;
  watch_.reset();
  stream_->close();
  waiting_.clear();
}

void RedisSession::end(const std::string& problem) {
  if (owner_ == nullptr) return;
  const auto self = shared_from_this();
  RedisSessionOwner& owner = *owner_;
  std::deque<Waiting> unanswered;
  std::swap(unanswered, waiting_);
  abandon();
  owner.lost(problem);
  for (const Waiting& waiting : unanswered) {
    if (waiting.answer) waiting.answer(nullptr);
  }
}

}  // namespace responses_proxy
