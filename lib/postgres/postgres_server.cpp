#include "postgres/postgres_server.h"

#include <fmt/format.h>

#include <algorithm>

namespace responses_proxy {

namespace {

// libpq tells about every address it tried, on lines of their own.
std::string one_line(std::string text) {
  constexpr std::size_t kMost = 300;
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  text.erase(std::unique(text.begin(), text.end(),
                         [](char left, char right) { return left == ' ' && right == ' '; }),
             text.end());
  if (text.size() > kMost) text = text.substr(0, kMost) + "...";
  text.erase(std::min(text.find_last_not_of(' ') + 1, text.size()));
  return text;
}

}  // namespace

PostgresServer::PostgresServer(const std::string& url, const Clock& clock)
    : clock_(clock), deadlines_(clock) {
  const std::string problem = parse_postgres_url(url, url_);
  if (!problem.empty()) throw StorageError("Cannot open the database: its URL " + problem);
}

std::unique_ptr<PostgresDriver> PostgresServer::connect() {
  begin_attempt();
  try {
    auto driver = std::make_unique<PostgresDriver>(url_.connection);
    end_attempt("");
    return driver;
  } catch (const PostgresError& error) {
    const std::string problem = describe(error.what());
    end_attempt(problem);
    throw StorageError(problem);
  }
}

void PostgresServer::begin_attempt() {
  const std::scoped_lock lock(mutex_);
  if (problem_.empty()) return;
  if (trying_ || clock_.steady() < retry_at_) throw StorageError(problem_);
  trying_ = true;
}

void PostgresServer::end_attempt(const std::string& problem) {
  const std::scoped_lock lock(mutex_);
  trying_ = false;
  problem_ = problem;
  if (problem.empty()) return;
  retry_at_ = clock_.steady() + kPause;
  has_schema_ = false;  // it may come back as another one
}

void PostgresServer::with_schema(const std::function<void()>& ensure) {
  {
    const std::scoped_lock lock(mutex_);
    if (has_schema_) return;
  }
  ensure();
  const std::scoped_lock lock(mutex_);
  has_schema_ = true;
}

void PostgresServer::doubt_schema() {
  const std::scoped_lock lock(mutex_);
  has_schema_ = false;
}

std::string PostgresServer::describe(const std::string& problem) const {
  return fmt::format("PostgreSQL database {}: {}", url_.name, one_line(url_.hide_secrets(problem)));
}

}  // namespace responses_proxy
