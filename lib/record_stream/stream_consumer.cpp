#include "record_stream/stream_consumer.h"

#include <algorithm>
#include <utility>

namespace responses_proxy {

namespace {

std::string join_fields(const redisReply& fields) {
  std::string text;
  for (const redisReply* part : elements_of(fields)) {
    if (!text.empty()) text += ' ';
    text += text_of(*part);
  }
  return text;
}

StreamEntry to_entry(const redisReply& reply) {
  StreamEntry entry;
  entry.id = text_of(*reply.element[0]);
  const redisReply& fields = *reply.element[1];
  entry.gone = fields.type == REDIS_REPLY_NIL;
  if (const redisReply* record = member_of(fields, kRecordField)) {
    entry.record.emplace(text_of(*record));
  } else {
    entry.fields = join_fields(fields);
  }
  return entry;
}

}  // namespace

StreamConsumer::StreamConsumer(StreamOptions stream, const Clock& clock,
                               StreamConsumerOptions options)
    : stream_(std::move(stream)), clock_(clock), options_(std::move(options)) {}

std::vector<StreamEntry> StreamConsumer::next() {
  if (!redis_) connect();
  try {
    if (own_first_) {
      Entries entries = read("0");
      if (!entries.empty()) return entries;
      own_first_ = false;
    }
    if (clock_.steady() >= claim_at_) {
      Entries entries = claim();
      if (!entries.empty()) return entries;
    }
    return read(">");
  } catch (const RedisRefusal& refusal) {
    // The first worker ever, or Redis was emptied (UNBLOCKED: while we waited).
    if (!refusal.is("NOGROUP") && !refusal.is("UNBLOCKED")) throw;
    create_group();
    return {};
  }
}

void StreamConsumer::connect() {
  redis_ = std::make_unique<BlockingConnection>(stream_.redis, stream_.timeouts);
  own_first_ = true;
}

// Only where it is missing: making one needs memory, which Redis may not have until the stream is
// emptied. From the first entry on: those that came before the group belong to it as well.
void StreamConsumer::create_group() {
  try {
    redis_->command({"XGROUP", "CREATE", stream_.stream, stream_.group, "0", "MKSTREAM"});
  } catch (const RedisRefusal& refusal) {
    if (!refusal.is("BUSYGROUP")) throw;
  }
}

std::string StreamConsumer::batch_size() const {
  const std::size_t fitting = kBatchBytes / std::max<std::size_t>(entry_bytes_, 1);
  return std::to_string(std::clamp<std::size_t>(fitting, 1, options_.max_batch));
}

StreamConsumer::Entries StreamConsumer::read(std::string_view from) {
  const std::string block = std::to_string(options_.block.count());
  const RedisReply reply =
      redis_->command({"XREADGROUP", "GROUP", stream_.group, options_.name, "COUNT", batch_size(),
                       "BLOCK", block, "STREAMS", stream_.stream, from});
  if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) return {};
  return to_entries(*reply->element[0]->element[1]);
}

StreamConsumer::Entries StreamConsumer::claim() {
  const RedisReply reply = redis_->command(
      {"XAUTOCLAIM", stream_.stream, stream_.group, options_.name,
       std::to_string(options_.claim_idle.count()), claim_from_, "COUNT", batch_size()});
  claim_from_ = text_of(*reply->element[0]);
  Entries entries = to_entries(*reply->element[1]);
  claimed_ += entries.size();
  if (claim_from_ == "0-0") {
    claim_at_ = clock_.steady() + options_.claim_idle / 2;
    forget_dead_members();
  }
  return entries;
}

void StreamConsumer::forget_dead_members() {
  const RedisReply members = redis_->command({"XINFO", "CONSUMERS", stream_.stream, stream_.group});
  for (const redisReply* member : elements_of(*members)) {
    const redisReply* name = member_of(*member, "name");
    const redisReply* pending = member_of(*member, "pending");
    const redisReply* idle = member_of(*member, "idle");
    if (!name || !pending || !idle || text_of(*name) == options_.name) continue;
    if (pending->integer > 0 || idle->integer < options_.forget_idle.count()) continue;
    redis_->command({"XGROUP", "DELCONSUMER", stream_.stream, stream_.group, text_of(*name)});
  }
}

StreamConsumer::Entries StreamConsumer::to_entries(const redisReply& list) {
  Entries entries;
  std::size_t bytes = 0;
  for (const redisReply* element : elements_of(list)) {
    if (element->elements < 2) continue;
    const StreamEntry& entry = entries.emplace_back(to_entry(*element));
    bytes += entry.record ? entry.record->size() : entry.fields.size();
  }
  if (!entries.empty()) entry_bytes_ = bytes / entries.size();
  return entries;
}

void StreamConsumer::settle(std::span<const std::string> ids, std::size_t written) {
  if (ids.empty()) return;
  if (!redis_) connect();
  take_out(ids);
  count(kWrittenTotal, written);
}

// In this order: what is deleted and still pending is handed out once more, as `gone`; what is
// acknowledged and not deleted would stay for ever. A transaction needs memory that Redis may not
// have until this is done.
void StreamConsumer::take_out(std::span<const std::string> ids) {
  std::vector<std::string_view> erase{"XDEL", stream_.stream};
  std::vector<std::string_view> acknowledge{"XACK", stream_.stream, stream_.group};
  erase.insert(erase.end(), ids.begin(), ids.end());
  acknowledge.insert(acknowledge.end(), ids.begin(), ids.end());
  redis_->append(erase);
  redis_->append(acknowledge);
  const RedisReply erased = redis_->read();
  const RedisReply acknowledged = redis_->read();
  checked(*erased);
  checked(*acknowledged);
}

void StreamConsumer::set_aside(std::span<const PoisonEntry> entries) {
  if (entries.empty()) return;
  if (!redis_) connect();
  std::vector<std::string> ids;
  for (const PoisonEntry& entry : entries) {
    add_poison(entry);
    ids.push_back(entry.id);
  }
  take_out(ids);
  count(kPoisonTotal, entries.size());
}

void StreamConsumer::add_poison(const PoisonEntry& entry) {
  const auto content = std::string_view(entry.content).substr(0, kPoisonBytes);
  try {
    redis_->command({"XADD", stream_.poison(), "MAXLEN", "~", std::to_string(kPoisonKept), "*",
                     "id", entry.id, "reason", entry.reason, "content", content});
  } catch (const RedisRefusal& refusal) {
    // Keeping it would keep all others waiting, and they are what makes room.
    if (!refusal.is("OOM")) throw;
  }
}

// For people to look at: an error (there is no memory left) is none of ours.
void StreamConsumer::count(std::string_view total, std::size_t count) {
  redis_->append({"HINCRBY", stream_.totals(), total, std::to_string(count)});
  redis_->read();
}

void StreamConsumer::leave() {
  if (!redis_) return;
  const RedisReply pending =
      redis_->command({"XPENDING", stream_.stream, stream_.group, "-", "+", "1", options_.name});
  if (pending->elements > 0) return;
  redis_->command({"XGROUP", "DELCONSUMER", stream_.stream, stream_.group, options_.name});
}

}  // namespace responses_proxy
