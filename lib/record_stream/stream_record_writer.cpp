#include "record_stream/stream_record_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/record_codec.h"

namespace responses_proxy {

namespace {

// One round trip's worth.
constexpr std::size_t kPipelineBytes = std::size_t{512} << 10;
constexpr std::size_t kPipelineEntries = 512;

// "run_id:<40 hex digits>" of INFO.
std::string run_id(std::string_view info) {
  constexpr std::string_view kName = "run_id:";
  const auto begin = info.find(kName);
  if (begin == std::string_view::npos) return {};
  info.remove_prefix(begin + kName.size());
  return std::string(info.substr(0, info.find_first_of("\r\n")));
}

std::string_view name_of(const redisReply& group) {
  const redisReply* name = member_of(group, "name");
  return name == nullptr ? std::string_view() : text_of(*name);
}

const redisReply* find_group(const redisReply& groups, std::string_view name) {
  for (const redisReply* group : elements_of(groups)) {
    if (name_of(*group) == name) return group;
  }
  return nullptr;
}

// The first one: two producers may have made one each at the same time.
std::string find_mark(const redisReply& groups) {
  std::string mark;
  for (const redisReply* group : elements_of(groups)) {
    const std::string_view name = name_of(*group);
    if (name.starts_with(kMarkPrefix) && (mark.empty() || name < mark)) mark = name;
  }
  return mark;
}

}  // namespace

StreamRecordWriter::StreamRecordWriter(StreamOptions options, Random& random, Log log,
                                       std::size_t unconfirmed_bytes)
    : options_(std::move(options)),
      random_(random),
      log_(std::move(log)),
      unconfirmed_(unconfirmed_bytes) {}

void StreamRecordWriter::write(std::span<const RequestRecord> records) {
  try {
    if (look() >= options_.max_events) {
      throw StorageError(fmt::format("the stream {} is full: {} records wait for a worker",
                                     options_.stream, options_.max_events));
    }
    std::deque<std::string> payloads;
    std::size_t bytes = 0;
    for (const RequestRecord& record : records) {
      bytes += payloads.emplace_back(encode_record(record)).size();
      if (bytes < kPipelineBytes) continue;
      add(payloads);
      bytes = 0;
    }
    add(payloads);
  } catch (const RedisError& error) {
    redis_.reset();
    throw StorageError(fmt::format("{}: {}", options_.redis.address(), error.what()));
  }
}

bool StreamRecordWriter::tend() noexcept {
  if (unconfirmed_.empty() && again_.empty()) return false;
  try {
    look();
  } catch (const std::exception&) {
    redis_.reset();
  }
  return !unconfirmed_.empty() || !again_.empty();
}

std::vector<RequestRecord> StreamRecordWriter::take_back() {
  tend();
  if (redis_) return {};
  for (std::string& payload : unconfirmed_.take()) again_.push_back(std::move(payload));
  std::vector<RequestRecord> records;
  for (const std::string& payload : std::exchange(again_, {})) {
    if (auto record = decode_record(payload)) records.push_back(std::move(*record));
  }
  return records;
}

void StreamRecordWriter::connect() {
  redis_ = std::make_unique<BlockingConnection>(options_.redis, options_.timeouts);
  redis_->append({"INFO", "server"});
  const RedisReply info = redis_->read();
  instance_ = run_id(text_of(*info));
  // A server that does not say who it is may be another one.
  if (instance_.empty()) instance_ = fmt::format("{:016x}", random_.next());
}

std::uint64_t StreamRecordWriter::look() {
  if (!redis_) connect();
  redis_->append({"XLEN", options_.stream});
  redis_->append({"XINFO", "GROUPS", options_.stream});
  redis_->append({"XPENDING", options_.stream, options_.group});
  const RedisReply length = redis_->read();
  const RedisReply groups = redis_->read();
  const RedisReply pending = redis_->read();
  checked(*length);
  const std::string mark = find_mark(*groups);
  learn_mark(mark.empty() ? make_mark() : mark);
  learn_confirmed(*groups, *pending);
  add(again_);
  return static_cast<std::uint64_t>(length->integer);
}

std::string StreamRecordWriter::make_mark() {
  std::string mark = fmt::format("{}{:016x}", kMarkPrefix, random_.next());
  redis_->command({"XGROUP", "CREATE", options_.stream, mark, "$", "MKSTREAM"});
  return mark;
}

void StreamRecordWriter::learn_mark(const std::string& mark) {
  std::string data = instance_ + mark;
  if (data == data_) return;
  data_ = std::move(data);
  if (unconfirmed_.empty()) return;
  const std::uint64_t lost_before = lost();
  // Also when nothing was lost: a record that is there twice is stored once.
  for (std::string& payload : unconfirmed_.take()) again_.push_back(std::move(payload));
  const std::uint64_t now_lost = lost() - lost_before;
  log_({now_lost > 0 ? LogLevel::error : LogLevel::warning,
        "redis_data_lost",
        fmt::format("telemetry: Redis has restarted or lost its data, {} records are sent again, "
                    "{} are lost",
                    again_.size(), now_lost),
        {{"sent_again", static_cast<std::int64_t>(again_.size())},
         {"lost", static_cast<std::int64_t>(now_lost)}}});
}

// Stored is what was delivered to a worker and is not pending any more. The pending ones are asked
// for after what was delivered, so that nothing slips through in between.
void StreamRecordWriter::learn_confirmed(const redisReply& groups, const redisReply& pending) {
  const redisReply* group = find_group(groups, options_.group);
  const redisReply* delivered = group ? member_of(*group, "last-delivered-id") : nullptr;
  if (delivered == nullptr || pending.type != REDIS_REPLY_ARRAY || pending.elements < 2) return;
  auto stored_before = parse_stream_id(text_of(*delivered));
  if (!stored_before) return;
  ++stored_before->number;
  if (const auto first_pending = parse_stream_id(text_of(*pending.element[1]))) {
    stored_before = std::min(*stored_before, *first_pending);
  }
  unconfirmed_.confirm_before(*stored_before);
}

void StreamRecordWriter::add(std::deque<std::string>& payloads) {
  while (!payloads.empty()) {
    std::size_t count = 0;
    for (std::size_t bytes = 0;
         count < payloads.size() && count < kPipelineEntries && bytes < kPipelineBytes; ++count) {
      bytes += payloads[count].size();
      redis_->append({"XADD", options_.stream, "*", kRecordField, payloads[count]});
    }
    for (; count > 0; --count) {
      const RedisReply reply = redis_->read();
      const auto id = parse_stream_id(text_of(checked(*reply)));
      if (!id) throw RedisError("XADD answered no id");
      unconfirmed_.add(*id, std::move(payloads.front()));
      payloads.pop_front();
    }
  }
}

}  // namespace responses_proxy
