#include "postgres/postgres_driver.h"

#include <pqxx/pqxx>
#include <utility>

namespace responses_proxy {

namespace {

// What changed between the versions of libpqxx.
#if PQXX_VERSION_MAJOR < 7
pqxx::result run(pqxx::nontransaction& session, const std::string& sql,
                 const PostgresDriver::Params& params) {
  std::vector<const char*> texts;
  texts.reserve(params.size());
  for (const auto& param : params) texts.push_back(param ? param->c_str() : nullptr);
  return session.exec_params(sql, pqxx::prepare::make_dynamic_params(texts));
}
#else
pqxx::result run(pqxx::nontransaction& session, const std::string& sql,
                 const PostgresDriver::Params& params) {
  pqxx::params texts;
  texts.reserve(params.size());
  for (const auto& param : params) {
    if (param) {
      texts.append(*param);
    } else {
      texts.append();
    }
  }
#if PQXX_VERSION_MAJOR > 7 || PQXX_VERSION_MINOR >= 10
  return session.exec(sql, texts);
#else
  return session.exec_params(sql, texts);
#endif
}
#endif

template <class Action>
auto guarded(Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const pqxx::sql_error& error) {
    throw PostgresError(error.what(), std::string(error.sqlstate()));
  } catch (const std::exception& error) {
    throw PostgresError(error.what(), "");
  }
}

class ResultRow final : public PostgresRow {
 public:
  ResultRow(const pqxx::result& result, pqxx::result::size_type row) : result_(result), row_(row) {}
  bool is_null(int column) const override {
    return result_[row_][static_cast<pqxx::row_size_type>(column)].is_null();
  }
  const char* text(int column) const override {
    return result_[row_][static_cast<pqxx::row_size_type>(column)].c_str();
  }

 private:
  const pqxx::result& result_;
  const pqxx::result::size_type row_;
};

}  // namespace

struct PostgresDriver::Connection {
  explicit Connection(const std::string& text) : connection(text) {}
  pqxx::connection connection;
};

PostgresDriver::PostgresDriver(const std::string& connection)
    : connection_(guarded([&] { return std::make_unique<Connection>(connection); })) {}

PostgresDriver::~PostgresDriver() = default;

int PostgresDriver::socket() const {
  return connection_->connection.sock();
}

std::int64_t PostgresDriver::execute(const std::string& sql, const Params& params,
                                     const OnRow& on_row) {
  const pqxx::result result = guarded([&] {
    // Transactions are the caller's, in SQL.
    pqxx::nontransaction session(connection_->connection);
    return params.empty() ? session.exec(sql) : run(session, sql, params);
  });
  for (pqxx::result::size_type row = 0; row < result.size(); ++row) {
    on_row(ResultRow(result, row));
  }
  return static_cast<std::int64_t>(result.affected_rows());
}

}  // namespace responses_proxy
