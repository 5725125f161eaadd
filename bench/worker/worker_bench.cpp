// Records per second through the Redis stream: one producer, then one worker into each database.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "fakes/private_postgres.h"
#include "fakes/private_redis.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"
#include "record_stream/stream_record_writer.h"
#include "record_stream/stream_worker.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr int kRecords = 100'000;
constexpr int kBatch = 2'048;

void print_line(const LogEvent& event) {
  fmt::print("{}\n", event.message);
}

void report(const std::string& what, std::chrono::steady_clock::time_point start) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("{:24} {:8.0f} records/s\n", what, kRecords / took.count());
}

// As records look in use: a session has some requests, and nothing was captured.
std::vector<RequestRecord> batch_from(int first) {
  std::vector<RequestRecord> records;
  for (int i = first; i < std::min(first + kBatch, kRecords); ++i) {
    RequestRecord record = sample_record(fmt::format("req_{:024}", i), at_second(i));
    record.session_id = fmt::format("session-{}", i / 20);
    record.request_body.clear();
    record.response_body.clear();
    records.push_back(std::move(record));
  }
  return records;
}

void fill(const StreamOptions& stream, Random& random) {
  StreamRecordWriter target(stream, random, print_line);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRecords; i += kBatch) target.write(batch_from(i));
  report("producer, to Redis", start);
}

void empty(const StreamOptions& stream, const std::string& database, const std::string& url) {
  const auto store = open_records(url);
  StreamWorkerOptions options;
  options.consumer.name = "bench";
  const auto start = std::chrono::steady_clock::now();
  const SystemClock clock;
  StreamWorker worker(stream, store->writer, clock, print_line, options);
  while (worker.stats().written < kRecords) std::this_thread::sleep_for(Millis(2));
  report("worker, to " + database, start);
}

}  // namespace

int main() {
  PrivateRedis redis;
  PrivatePostgres postgres;
  const TempFolder folder;
  SeededRandom random{1};
  StreamOptions stream;
  stream.redis = redis.options();
  stream.stream = "events";
  stream.group = "workers";
  fill(stream, random);
  const std::string bytes = redis.text({"MEMORY", "USAGE", "events", "SAMPLES", "0"});
  fmt::print("{:24} {:8} bytes per record\n", "in the stream", std::stoul(bytes) / kRecords);
  empty(stream, "SQLite", "sqlite:///" + (folder.path() / "db").string());
  fill(stream, random);
  empty(stream, "PostgreSQL", postgres.url(postgres.create_database()));
  return EXIT_SUCCESS;
}
