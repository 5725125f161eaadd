// What a record costs the thread that writes it, in batches as the telemetry writer makes them: ids
// without order, in a database that has records already.
//   records_bench [ROWS [BATCHES]]    into SQLite and a private PostgreSQL with ROWS (200000)
//                                     records in them, BATCHES (50) of 2048
//   records_bench ROWS BATCHES sqlite [20]   into one of them, with so many requests a session
//   records_bench fill FILE ROWS      makes a file of so many records, 20 requests a session
// The instructions, of the batches that are measured only (the file is filled outside of it):
//   valgrind --tool=callgrind --toggle-collect='*write_measured*' records_bench 10000 10 sqlite
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fakes/private_postgres.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"

namespace responses_proxy::testing {
namespace {

constexpr int kBatch = 2'048;  // QueueSinkOptions::max_batch

struct Traffic {
  const char* name;
  int requests_a_session;
};

constexpr Traffic kTraffics[] = {{"own session each", 1}, {"20 requests a session", 20}};

// Sessions and responses as they come: without order.
class Records {
 public:
  explicit Records(const Traffic& traffic)
      : sessions_(traffic.requests_a_session == 1 ? 1 : kOpenSessions),
        requests_a_session_(traffic.requests_a_session) {}

  std::vector<RequestRecord> batch() {
    std::vector<RequestRecord> records;
    records.reserve(kBatch);
    for (int i = 0; i < kBatch; ++i) {
      const std::int64_t millis = 1'795'219'200'000 + number_++;
      RequestRecord& record = records.emplace_back(without_bodies(
          sample_record(fmt::format("req_{:012x}{:016x}", millis, random_()), WallTime())));
      record.created_at = WallTime(std::chrono::milliseconds(millis));
      record.attempts.front().started_at = record.created_at + std::chrono::microseconds(97);
      record.client_request_id.clear();
      record.session_id = session();
      record.session_name.clear();
      record.model_alias.clear();
      record.adjusted.clear();
      record.previous_response_id = fmt::format("resp_{}", id());
      record.response_id = fmt::format("resp_{}", id());
    }
    return records;
  }

 private:
  // Sessions that go on at the same time.
  static constexpr std::size_t kOpenSessions = 500;
  struct Session {
    std::string id;
    int left = 0;
  };

  std::string id() { return fmt::format("{:016x}{:016x}{:016x}", random_(), random_(), random_()); }
  std::string session() {
    Session& session = sessions_[random_() % sessions_.size()];
    if (session.left == 0) {
      session = {
          fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", random_() >> 32U, random_() >> 48U,
                      random_() >> 52U, random_() >> 52U, random_() >> 16U),
          requests_a_session_};
    }
    --session.left;
    return session.id;
  }

  std::mt19937_64 random_{7};
  std::int64_t number_ = 0;
  std::vector<Session> sessions_;
  const int requests_a_session_;
};

// What this process has given to write().
std::int64_t bytes_written() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::int64_t value = 0;
  while (io >> name >> value) {
    if (name == "wchar:") return value;
  }
  return 0;
}

double cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto us = [](const timeval& time) {
    return 1e6 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

// By this name for callgrind.
[[gnu::noinline]] void write_measured(RecordWriter& writer,
                                      const std::vector<RequestRecord>& batch) {
  writer.write(batch);
}

struct Database {
  std::string name;
  std::string url;
  std::function<std::int64_t()> written;  // bytes, since any moment
};

void fill(RecordWriter& writer, Records& records, std::int64_t rows) {
  for (std::int64_t done = 0; done < rows; done += kBatch) writer.write(records.batch());
}

void measure(const Database& database, const Traffic& traffic, std::int64_t rows, int batches) {
  const auto store = open_records(database.url);
  Records records(traffic);
  fill(store->writer, records, rows);
  std::chrono::nanoseconds spent{0};
  std::chrono::nanoseconds longest{0};
  double cpu = 0;
  const std::int64_t written_before = database.written();
  for (int number = 0; number < batches; ++number) {
    const std::vector<RequestRecord> batch = records.batch();
    const double cpu_before = cpu_us();
    const auto start = std::chrono::steady_clock::now();
    write_measured(store->writer, batch);
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
    cpu += cpu_us() - cpu_before;
    spent += took;
    longest = std::max(longest, took);
  }
  const double count = static_cast<double>(kBatch) * batches;
  fmt::print(
      "{:<10} {:<21} {:>8} rows  {:>6.1f} us CPU  {:>6.1f} us  {:>6.1f} KB written a record"
      "  {:>7.0f} records/s, slowest batch {:.0f} ms\n",
      database.name, traffic.name, rows, cpu / count,
      std::chrono::duration<double, std::micro>(spent).count() / count,
      static_cast<double>(database.written() - written_before) / 1024 / count,
      count / std::chrono::duration<double>(spent).count(),
      std::chrono::duration<double, std::milli>(longest).count());
  std::fflush(stdout);
}

void measure_sqlite(const Traffic& traffic, std::int64_t rows, int batches) {
  const TempFolder folder;
  measure({"SQLite", "sqlite:///" + (folder.path() / "records").string(), bytes_written}, traffic,
          rows, batches);
}

// The bytes are those of its log.
void measure_postgres(const Traffic& traffic, std::int64_t rows, int batches) {
  PrivatePostgres postgres;
  const std::string name = postgres.create_database();
  measure({"PostgreSQL", postgres.url(name),
           [&] {
             return std::stoll(
                 postgres.sql(name, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"));
           }},
          traffic, rows, batches);
}

int run(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "fill") {
    Records records(kTraffics[1]);
    fill(open_records(fmt::format("sqlite:///{}", argv[2]))->writer, records, std::stoll(argv[3]));
    return 0;
  }
  const std::int64_t rows = argc > 1 ? std::stoll(argv[1]) : 200'000;
  const int batches = argc > 2 ? std::stoi(argv[2]) : 50;
  const std::string only = argc > 3 ? argv[3] : "";
  const int requests_a_session = argc > 4 ? std::stoi(argv[4]) : 0;
  for (const Traffic& traffic : kTraffics) {
    if (requests_a_session > 0 && requests_a_session != traffic.requests_a_session) continue;
    if (only != "postgres") measure_sqlite(traffic, rows, batches);
    if (only != "sqlite") measure_postgres(traffic, rows, batches);
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
