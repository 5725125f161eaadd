#include "storage/database.h"

#include <utility>

namespace responses_proxy {

Database::Database(Connect connect)
    : connect_(std::move(connect)), opened_(std::make_shared<Opened>(connect_())) {}

std::shared_ptr<Database::Opened> Database::current() {
  const std::scoped_lock lock(mutex_);
  return opened_;
}

void Database::reopen() {
  auto fresh = std::make_shared<Opened>(connect_());
  const std::scoped_lock lock(mutex_);
  opened_.swap(fresh);
}

void Database::write(const std::function<void(SqlConnection&)>& work) {
  const std::scoped_lock lock(write_mutex_);
  try {
    return write_once(work);
  } catch (const DatabaseMoved&) {  // before anything was written
    reopen();
  }
  write_once(work);
}

void Database::write_once(const std::function<void(SqlConnection&)>& work) {
  const auto opened = current();
  SqlTransaction transaction(*opened->writer);
  work(*opened->writer);
  transaction.commit();
}

void Database::ping() {
  read([](SqlConnection& connection) {
    connection.query("SELECT MAX(version) FROM schema_migrations", {}, [](const SqlRow&) {});
  });
}

}  // namespace responses_proxy
