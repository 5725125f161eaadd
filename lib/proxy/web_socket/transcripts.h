// Transcripts: the conversations of one client's socket, as input items.
//
// A turn on a socket sends only what is new since the response it continues. An upstream that does
// not hold that response (HTTP without storage, another account, a fresh connection) gets the whole
// input instead, from here. As upstreams do, only the latest response of each lane is kept.
//
// Limits: `max_bytes` over all lanes; the lane unused for longest is forgotten first. The client
// then hears that its response is unknown, and sends everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace responses_proxy {

class Transcripts {
 public:
  explicit Transcripts(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // The items, comma-separated JSON, that make up the response's conversation; null: not known.
  const std::string* find(std::string_view response_id) const;
  // The lane's latest response and its whole conversation.
  void start(const std::string& lane, std::string response_id, std::string items);
  // The lane's latest response continues the one before; that one must be known.
  void extend(const std::string& lane, std::string response_id, std::string_view items);
  void forget(const std::string& lane);
  // Whether it is the latest response of that lane.
  bool is_latest(const std::string& lane, std::string_view response_id) const;
  std::size_t bytes() const;  // added up anew: a count kept beside them could go wrong

 private:
  struct Conversation {
    std::string response_id;
    std::string items;
    std::uint64_t used = 0;
  };
  void keep_within_limit();

  const std::size_t max_bytes_;
  std::uint64_t clock_ = 0;
  std::unordered_map<std::string, Conversation> by_lane_;
};

// Both lists in one.
void append_items(std::string& items, std::string_view more);

}  // namespace responses_proxy
