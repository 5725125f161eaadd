// SqlConnection: what the record store needs of a database, so that its SQL is written once.
//
// Role       Runs portable SQL: $1, $2, ... in ascending order; TEXT, BIGINT, INTEGER.
// Threads    One at a time.
// Errors     Throws StorageError that names the database and the reason.
// Blocking   Every call.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>

#include "storage/record_store.h"

namespace responses_proxy {

using SqlValue = std::variant<std::monostate, std::int64_t, std::string>;  // monostate = NULL

// One row of a result, valid during the call it is handed to. Columns count from 0.
class SqlRow {
 public:
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string text(int column) const = 0;

 protected:
  ~SqlRow() = default;
};

class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  // Returns the number of rows that were inserted, updated or deleted.
  virtual std::int64_t execute(const std::string& sql, std::span<const SqlValue> params = {}) = 0;
  virtual void query(const std::string& sql, std::span<const SqlValue> params,
                     const std::function<void(const SqlRow&)>& on_row) = 0;
  // A transaction that writes: no other connection writes until its end.
  virtual void begin() = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;
};

// Rolls back unless it was committed.
class SqlTransaction {
 public:
  explicit SqlTransaction(SqlConnection& connection) : connection_(connection) {
    connection_.begin();
  }
  ~SqlTransaction() {
    if (!committed_) connection_.rollback();
  }
  SqlTransaction(const SqlTransaction&) = delete;
  SqlTransaction& operator=(const SqlTransaction&) = delete;

  void commit() {
    connection_.commit();
    committed_ = true;
  }

 private:
  SqlConnection& connection_;
  bool committed_ = false;
};

}  // namespace responses_proxy
