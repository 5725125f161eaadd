// The Redis stream of records: its keys, its entries, and where it is.
//
// Role       A record is one entry with the field "record" (record_codec.h). It stays in the stream
//            until a worker has it in the database, so the stream's length is what is still to be
//            written. Beside the workers' group it has one named "data:<random>" that never reads:
//            when that is gone, or another one, the entries are gone, too. Beside the stream:
//            `<stream>:poison`, entries that cannot be stored; `<stream>:totals`, what workers have
//            done so far.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "redis/blocking_connection.h"
#include "responses_proxy/config.h"

namespace responses_proxy {

struct StreamOptions {
  RedisOptions redis;
  std::string stream;
  std::string group;
  std::uint64_t max_events = 1'000'000;
  RedisTimeouts timeouts{};

  std::string poison() const { return stream + ":poison"; }
  std::string totals() const { return stream + ":totals"; }
};

inline constexpr std::string_view kRecordField = "record";
inline constexpr std::string_view kMarkPrefix = "data:";
inline constexpr std::string_view kWrittenTotal = "written";
inline constexpr std::string_view kPoisonTotal = "poison";

// Throws std::runtime_error when PROXY_REDIS_URL is not a Redis URL, or empty.
StreamOptions stream_options(const Config& config);

// "1795219200000-3"
struct StreamId {
  std::uint64_t time = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};
std::optional<StreamId> parse_stream_id(std::string_view text);

// A member of a reply that is a flat list of names and values; nullptr if it is not there.
const redisReply* member_of(const redisReply& list, std::string_view name);

}  // namespace responses_proxy
