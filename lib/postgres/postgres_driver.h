// PostgresDriver: one connection, by way of libpqxx.
//
// Role       The only code that sees libpqxx. Distributions build that library as C++17, and its
//            headers declare other symbols to a C++20 compiler: postgres_driver.cpp, and so this
//            header, are C++17.
// Threads    One at a time.
// Errors     Throws PostgresError.
// Blocking   Every call; socket() is there for those who want to end one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace responses_proxy {

class PostgresError : public std::runtime_error {
 public:
  PostgresError(const std::string& message, std::string state)
      : std::runtime_error(message), state_(std::move(state)) {}

  // SQLSTATE; "" = the server did not say anything.
  const std::string& state() const { return state_; }

 private:
  std::string state_;
};

// One row of a result; columns count from 0. Valid during the call it is handed to.
class PostgresRow {
 public:
  virtual bool is_null(int column) const = 0;
  virtual const char* text(int column) const = 0;

 protected:
  ~PostgresRow() = default;
};

class PostgresDriver {
 public:
  using Params = std::vector<std::optional<std::string>>;
  using OnRow = std::function<void(const PostgresRow&)>;

  // What libpq takes: a URL or name=value pairs.
  explicit PostgresDriver(const std::string& connection);
  ~PostgresDriver();
  PostgresDriver(const PostgresDriver&) = delete;
  PostgresDriver& operator=(const PostgresDriver&) = delete;

  int socket() const;
  // Without params, `sql` may be several statements. Returns the number of rows inserted, updated
  // or deleted.
  std::int64_t execute(const std::string& sql, const Params& params, const OnRow& on_row);

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace responses_proxy
