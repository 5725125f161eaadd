#include "upstream/native/name_cache.h"

#include <algorithm>
#include <charconv>

namespace responses_proxy {

namespace {

using boost::asio::ip::tcp;

// RFC 8305, 4: the families take turns, so that one that leads nowhere holds up one address only.
NameCache::Addresses in_turns(const tcp::resolver::results_type& found) {
  NameCache::Addresses mine;
  NameCache::Addresses others;
  for (const auto& entry : found) {
    const tcp::endpoint address = entry.endpoint();
    const bool first_family = mine.empty() || address.protocol() == mine.front().protocol();
    (first_family ? mine : others).push_back(address);
  }
  NameCache::Addresses all;
  for (std::size_t i = 0; i < std::max(mine.size(), others.size()); ++i) {
    if (i < mine.size()) all.push_back(mine[i]);
    if (i < others.size()) all.push_back(others[i]);
  }
  return all;
}

}  // namespace

void NameCache::look_up(const std::string& host, const std::string& port, Done done) {
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  if (!no_address) {
    std::uint16_t number = 0;
    std::from_chars(port.data(), port.data() + port.size(), number);
    return done({}, {tcp::endpoint(address, number)});
  }
  const Key key(host, port);
  if (!entries_.contains(key)) make_room();
  Entry& entry = entries_[key];
  const auto age = clock_.steady() - entry.since;
  const bool known = !entry.addresses.empty() && age < kStale;
  if (!known) entry.waiting.push_back(std::move(done));
  if (!entry.asked && (!known || age >= kFresh)) ask(key);
  if (!known) return;
  const Addresses addresses = entry.addresses;  // `done` may change the entry
  done({}, addresses);
}

void NameCache::ask(const Key& key) {
  entries_[key].asked = true;
  look_up_now_(
      key.first, key.second,
      [this, key, alive = alive_](boost::system::error_code error, const Addresses& found) {
        if (*alive) learn(key, error, found);
      });
}

// What was known before stays until it is stale.
void NameCache::learn(const Key& key, boost::system::error_code error, const Addresses& found) {
  Entry& entry = entries_[key];
  entry.asked = false;
  if (!error) {
    entry.addresses = found;
    entry.since = clock_.steady();
  }
  for (const Done& done : std::exchange(entry.waiting, {})) done(error, found);
}

void NameCache::forget(const std::string& host, const std::string& port) {
  const auto found = entries_.find({host, port});
  if (found != entries_.end()) found->second.addresses.clear();
}

void NameCache::make_room() {
  if (entries_.size() < kMaxNames) return;
  std::erase_if(entries_, [](const auto& entry) { return !entry.second.asked; });
}

NameCache::LookUp system_look_up(EventLoop& loop) {
  return [resolver = std::make_shared<tcp::resolver>(loop.context())](
             const std::string& host, const std::string& port, NameCache::Done done) {
    resolver->async_resolve(host, port,
                            [done = std::move(done)](boost::system::error_code error,
                                                     const tcp::resolver::results_type& found) {
                              done(error, in_turns(found));
                            });
  };
}

}  // namespace responses_proxy
