// How many records per second go into the database, in batches as the telemetry writer makes them.
//   records_bench [URL...]    without one: SQLite and a private PostgreSQL, in temporary folders
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>
#include <vector>

#include "fakes/private_postgres.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"

namespace responses_proxy::testing {
namespace {

constexpr int kBatch = 2'048;  // QueueSinkOptions::max_batch
constexpr int kBatches = 50;
constexpr int kSessions = 20'000;

// Ids and sessions as they come: without order.
std::vector<RequestRecord> make_batch(std::mt19937_64& random, int number) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < kBatch; ++i) {
    records.push_back(sample_record(fmt::format("req_{:016x}{:016x}", random(), random()),
                                    at_second(number * kBatch + i)));
    records.back().session_id = fmt::format("session-{}", random() % kSessions);
    records.back().response_id = fmt::format("resp_{:016x}", random());
  }
  return records;
}

void measure(const std::string& name, const std::string& url) {
  const auto store = open_records(url);
  store->database->ping();
  std::mt19937_64 random(7);
  std::chrono::nanoseconds spent{0};
  std::chrono::nanoseconds longest{0};
  for (int number = 0; number < kBatches; ++number) {
    const std::vector<RequestRecord> batch = make_batch(random, number);
    const auto start = std::chrono::steady_clock::now();
    store->writer.write(batch);
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
    spent += took;
    longest = std::max(longest, took);
  }
  const double seconds = std::chrono::duration<double>(spent).count();
  fmt::print("{:<12} {:>9.0f} records/s   {} records in batches of {}, slowest batch {:.0f} ms\n",
             name, kBatch * kBatches / seconds, kBatch * kBatches, kBatch,
             std::chrono::duration<double, std::milli>(longest).count());
}

int run(int argc, char** argv) {
  if (argc < 2) {
    const TempFolder folder;
    measure("SQLite", "sqlite:///" + (folder.path() / "records").string());
    PrivatePostgres postgres;
    measure("PostgreSQL", postgres.url(postgres.create_database()));
  }
  for (int i = 1; i < argc; ++i) {
    const std::string url = argv[i];
    measure(url.substr(0, url.find(':')), url);
  }
  return 0;
}

}  // namespace
}  // namespace responses_proxy::testing

int main(int argc, char** argv) {
  try {
    return responses_proxy::testing::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "records_bench: {}\n", error.what());
    return 1;
  }
}
