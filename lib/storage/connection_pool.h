// ConnectionPool: a few connections that are lent to whoever reads.
//
// Threads    Safe from any thread; a connection belongs to one caller at a time.
// Errors     StorageError when no connection comes free within `patience`.
// Blocking   Up to `patience` for a connection, then as long as the caller keeps it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "responses_proxy/clock.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

class ConnectionPool {
 public:
  using Connections = std::vector<std::unique_ptr<SqlConnection>>;

  static constexpr Millis kPatience{2'000};

  explicit ConnectionPool(Connections connections, Millis patience = kPatience)
      : patience_(patience), idle_(std::move(connections)) {}

  // Calls use(SqlConnection&) and returns what it returns.
  template <class Use>
  auto with(Use&& use) {
    const Loan loan(*this);
    return use(*loan.connection);
  }

 private:
  struct Loan {
    explicit Loan(ConnectionPool& from) : pool(from), connection(from.take()) {}
    ~Loan() { pool.give_back(std::move(connection)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ConnectionPool& pool;
    std::unique_ptr<SqlConnection> connection;
  };

  std::unique_ptr<SqlConnection> take();
  void give_back(std::unique_ptr<SqlConnection> connection);

  const Millis patience_;
  std::mutex mutex_;  // guards idle_
  std::condition_variable returned_;
  Connections idle_;
};

}  // namespace responses_proxy
