#include "record_stream/stream.h"

#include <fmt/format.h>

#include <charconv>

namespace responses_proxy {

StreamOptions stream_options(const Config& config) {
  StreamOptions options;
  const std::string problem = parse_redis_url(config.redis_url.reveal(), options.redis);
  if (!problem.empty()) throw std::runtime_error(fmt::format("PROXY_REDIS_URL {}", problem));
  options.stream = config.telemetry_stream;
  options.group = config.telemetry_group;
  options.max_events = config.telemetry_stream_events;
  return options;
}

std::optional<StreamId> parse_stream_id(std::string_view text) {
  const char* const end = text.data() + text.size();
  StreamId id;
  const auto time = std::from_chars(text.data(), end, id.time);
  if (time.ec != std::errc() || time.ptr == end || *time.ptr != '-') return std::nullopt;
  const auto number = std::from_chars(time.ptr + 1, end, id.number);
  if (number.ec != std::errc() || number.ptr != end) return std::nullopt;
  return id;
}

const redisReply* member_of(const redisReply& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.elements; i += 2) {
    if (text_of(*list.element[i]) == name) return list.element[i + 1];
  }
  return nullptr;
}

}  // namespace responses_proxy
