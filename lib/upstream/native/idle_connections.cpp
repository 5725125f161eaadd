#include "upstream/native/idle_connections.h"

#include <array>
#include <utility>

namespace responses_proxy {

namespace {

// Neither its end nor bytes of nobody's answer have come. TLS may have said something of its own.
bool is_silent(NativeConnection& connection) {
  std::array<char, 1> byte;
  const WireState state = connection.read(byte).state;
  return state == WireState::wants_read || state == WireState::wants_write;
}

bool is_too_old(const NativeConnection& connection, SteadyTime now) {
  return now - connection.idle_since >= IdleConnections::kMaxIdle ||
         now - connection.made() >= IdleConnections::kMaxAge;
}

}  // namespace

std::shared_ptr<NativeConnection> IdleConnections::take(Origin& origin, SteadyTime now) {
  while (!origin.idle.empty()) {
    std::shared_ptr<NativeConnection> connection = std::move(origin.idle.back());
    origin.idle.pop_back();
    --size_;
    if (!is_too_old(*connection, now) && is_silent(*connection)) return connection;
    connection->close();
  }
  return nullptr;
}

void IdleConnections::put(std::shared_ptr<NativeConnection> connection, SteadyTime now) {
  if (max_idle_ == 0) return connection->close();
  if (size_ >= max_idle_) drop_oldest();
  connection->idle_since = now;
  connection->serve(*this);
  connection->want_read();
  connection->origin().idle.push_back(std::move(connection));
  ++size_;
}

void IdleConnections::trim(SteadyTime now) {
  origins_.for_each([&](Origin& origin) {
    for (std::size_t i = origin.idle.size(); i-- > 0;) {
      if (is_too_old(*origin.idle[i], now)) drop(origin, i);
    }
  });
}

void IdleConnections::clear() {
  origins_.for_each([&](Origin& origin) {
    while (!origin.idle.empty()) drop(origin, origin.idle.size() - 1);
  });
}

void IdleConnections::on_readable(NativeConnection& connection) {
  if (is_silent(connection)) return connection.want_read();
  Origin& origin = connection.origin();
  for (std::size_t i = 0; i < origin.idle.size(); ++i) {
    if (origin.idle[i].get() == &connection) return drop(origin, i);
  }
}

void IdleConnections::drop_oldest() {
  Origin* oldest = nullptr;
  origins_.for_each([&](Origin& origin) {
    if (origin.idle.empty()) return;
    const bool older =
        oldest == nullptr || origin.idle.front()->idle_since < oldest->idle.front()->idle_since;
    if (older) oldest = &origin;
  });
  if (oldest != nullptr) drop(*oldest, 0);
}

void IdleConnections::drop(Origin& origin, std::size_t index) {
  origin.idle[index]->close();
  origin.idle.erase(origin.idle.begin() + static_cast<std::ptrdiff_t>(index));
  --size_;
}

}  // namespace responses_proxy
