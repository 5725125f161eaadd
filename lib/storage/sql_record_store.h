// SqlRecordStore: RecordStore over any SqlConnection: one that writes, a few that read.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/record_store.h"
#include "storage/session_totals.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

// Connections for readers; who finds none free waits for one, and gets StorageError if none comes.
class ReaderPool {
 public:
  static constexpr Millis kPatience{2'000};

  explicit ReaderPool(std::vector<std::unique_ptr<SqlConnection>> readers,
                      Millis patience = kPatience)
      : patience_(patience), idle_(std::move(readers)) {}

  // Calls read(SqlConnection&).
  template <class Read>
  auto with(Read&& read) {
    const Loan loan(*this);
    return read(*loan.reader);
  }

 private:
  struct Loan {
    explicit Loan(ReaderPool& from) : pool(from), reader(from.take()) {}
    ~Loan() { pool.give_back(std::move(reader)); }
    ReaderPool& pool;
    std::unique_ptr<SqlConnection> reader;
  };

  std::unique_ptr<SqlConnection> take();
  void give_back(std::unique_ptr<SqlConnection> reader);

  const Millis patience_;
  std::mutex mutex_;  // guards idle_
  std::condition_variable returned_;
  std::vector<std::unique_ptr<SqlConnection>> idle_;
};

class SqlRecordStore final : public RecordStore {
 public:
  // Connections whose schema is up to date; at least one of each.
  struct Connections {
    std::unique_ptr<SqlConnection> writer;
    std::vector<std::unique_ptr<SqlConnection>> readers;
    // For resource_of_response(), which must not wait behind a long list.
    std::vector<std::unique_ptr<SqlConnection>> lookups;
  };
  explicit SqlRecordStore(Connections connections);

  void write(std::span<const RequestRecord> records) override;
  Page<RequestRecord> requests(const RecordQuery& query) override;
  Page<DecisionRow> decisions(const RecordQuery& query) override;
  Page<SessionRow> sessions(const RecordQuery& query) override;
  Page<TelemetryRow> telemetry(const RecordQuery& query) override;
  std::vector<UsageRow> usage(UsageBy by, const RecordQuery& query) override;
  std::optional<std::string> resource_of_response(const std::string& response_id) override;
  void ping() override;

 private:
  using Records = std::vector<const RequestRecord*>;
  class Place;

  Page<RequestRecord> summaries(const RecordQuery& query, const Place& place);

  // Returns those that were not there already.
  Records insert_requests(std::span<const RequestRecord* const> records);
  void insert_attempts(const Records& records);

  const SqlInsert requests_;
  const SqlInsert attempts_;
  std::unique_ptr<SqlConnection> writer_;
  ReaderPool readers_;
  ReaderPool lookups_;
};

}  // namespace responses_proxy
