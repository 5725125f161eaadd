// StreamConsumer: one member of the stream's consumer group.
//
// Role       Hands out entries and takes them out of the stream when they are dealt with. In this
//            order: what it was given before and has not settled (after a lost connection), what
//            members that died have left, what is new. Creates stream and group where they are
//            missing.
// Threads    One at a time.
// Errors     Throws RedisError; the next call connects again.
// Blocking   next() waits for `block` when there is nothing; every call waits for Redis.
// Limits     A batch has at most `max_batch` entries, fewer when they are large (kBatchBytes).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "record_stream/stream.h"

namespace responses_proxy {

struct StreamConsumerOptions {
  std::string name;  // no two members may share one
  std::size_t max_batch = 2048;
  Millis block{250};
  Millis claim_idle{30'000};    // a member that holds an entry for so long is taken for dead
  Millis forget_idle{600'000};  // a silent member without entries is removed after so long
};

struct StreamEntry {
  std::string id;
  std::optional<std::string> record;  // its field of that name
  std::string fields;                 // all of them, as text, where there is no record
  bool gone = false;                  // deleted while it was pending
};

struct PoisonEntry {
  std::string id;
  std::string reason;
  std::string content;
};

class StreamConsumer {
 public:
  static constexpr std::size_t kBatchBytes = std::size_t{16} << 20;
  static constexpr std::size_t kPoisonKept = 1'000;                   // entries
  static constexpr std::size_t kPoisonBytes = std::size_t{64} << 10;  // of each

  StreamConsumer(StreamOptions stream, const Clock& clock, StreamConsumerOptions options);

  std::vector<StreamEntry> next();
  // Takes entries out of the stream. `written`: how many of them are in the database now.
  void settle(std::span<const std::string> ids, std::size_t written);
  // Sets entries aside, and takes them out of the stream; without room for them they are only taken
  // out.
  void set_aside(std::span<const PoisonEntry> entries);
  void disconnect() { redis_.reset(); }
  // Leaves the group if nothing is pending.
  void leave();

  std::uint64_t claimed() const { return claimed_; }

 private:
  using Entries = std::vector<StreamEntry>;

  void connect();
  void create_group();
  Entries read(std::string_view from);
  Entries claim();
  void forget_dead_members();
  Entries to_entries(const redisReply& list);
  std::string batch_size() const;
  void take_out(std::span<const std::string> ids);
  void add_poison(const PoisonEntry& entry);
  void count(std::string_view total, std::size_t count);

  const StreamOptions stream_;
  const Clock& clock_;
  const StreamConsumerOptions options_;
  std::unique_ptr<BlockingConnection> redis_;
  bool own_first_ = false;  // something may be pending for this member
  SteadyTime claim_at_{};
  std::string claim_from_ = "0-0";
  std::uint64_t claimed_ = 0;
  std::size_t entry_bytes_ = std::size_t{256} << 10;  // of one, in the latest batch
};

}  // namespace responses_proxy
