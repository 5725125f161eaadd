// A real Redis, and what the tests of the stream put around it.
#pragma once

#include "fakes/private_redis.h"
#include "fakes/wait_until.h"
#include "record_stream/stream_worker.h"
#include "responses_proxy/random.h"
#include "storage/record_codec.h"
#include "unit/telemetry/sink_fakes.h"

namespace responses_proxy::testing {

struct StreamFixture {
  StreamOptions stream() const {
    StreamOptions options;
    options.redis = redis.options();
    options.stream = "events";
    options.group = "workers";
    return options;
  }
  // Takes nothing over from others.
  static StreamWorkerOptions working(const std::string& name) {
    StreamWorkerOptions options;
    options.consumer.name = name;
    options.consumer.max_batch = 64;
    options.consumer.block = Millis(5);
    options.consumer.claim_idle = kLong;
    options.first_retry = Millis(1);
    options.max_retry = Millis(10);
    return options;
  }
  // Takes everything over.
  static StreamWorkerOptions claiming(const std::string& name) {
    StreamWorkerOptions options = working(name);
    options.consumer.claim_idle = Millis(0);
    return options;
  }

  void add(int from, int to) {
    for (int i = from; i < to; ++i) add_field("record", encode_record(numbered(i)));
  }
  std::string add_field(const std::string& name, const std::string& value) {
    return redis.text({"XADD", "events", "*", name, value});
  }
  // As a worker does that is killed then.
  void deliver_to(const std::string& member, int count) {
    redis.command({"XGROUP", "CREATE", "events", "workers", "0", "MKSTREAM"});
    redis.command({"XREADGROUP", "GROUP", "workers", member, "COUNT", std::to_string(count),
                   "STREAMS", "events", ">"});
  }
  std::string length() { return redis.text({"XLEN", "events"}); }
  std::int64_t pending() {
    const ReplyPtr reply = redis.command({"XPENDING", "events", "workers"});
    return reply->elements == 0 ? -1 : reply->element[0]->integer;
  }
  std::vector<std::string> members() {
    const ReplyPtr reply = redis.command({"XINFO", "CONSUMERS", "events", "workers"});
    std::vector<std::string> names;
    for (const redisReply* member : elements_of(*reply)) {
      names.emplace_back(text_of(*member_of(*member, "name")));
    }
    return names;
  }

  PrivateRedis redis;
  FakeWriter store;
  LogLines log;
  SeededRandom random{7};
};

inline std::set<std::string> as_set(const std::vector<std::string>& ids) {
  return {ids.begin(), ids.end()};
}

}  // namespace responses_proxy::testing
