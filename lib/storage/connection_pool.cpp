#include "storage/connection_pool.h"

#include <utility>

namespace responses_proxy {

std::unique_ptr<SqlConnection> ConnectionPool::take() {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, patience_, [this] { return !idle_.empty(); })) {
    throw StorageError("Every database connection for queries is busy.");
  }
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ConnectionPool::give_back(std::unique_ptr<SqlConnection> connection) {
  {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace responses_proxy
