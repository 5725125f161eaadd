// Who has made which response: what the providers know, and what clients may continue.
#pragma once

#include <fmt/format.h>

#include <algorithm>

#include <map>
#include <string>
#include <vector>

#include "sim/exchange/draw.h"

namespace responses_proxy::sim {

class Memory {
 public:
  std::string new_response(const std::string& account) {
    std::string id = fmt::format("resp_{}", ++count_);
    account_of_.emplace(id, account);
    return id;
  }
  bool knows(const std::string& account, const std::string& response_id) const {
    const auto found = account_of_.find(response_id);
    return found != account_of_.end() && found->second == account;
  }
  std::string account_of(const std::string& response_id) const {
    const auto found = account_of_.find(response_id);
    return found == account_of_.end() ? std::string() : found->second;
  }
  // One that exists, mostly; "resp_0" exists nowhere.
  std::string draw_response(Draw& draw) const {
    return fmt::format("resp_{}", draw.chance(5) ? 0 : draw.below(count_ + 1));
  }

 private:
  std::uint64_t count_ = 0;
  std::map<std::string, std::string> account_of_;
};

// "Bearer sk-<account>", as the proxy sends it.
inline std::string account_of_key(std::string_view authorization) {
  constexpr std::string_view kStart = "Bearer sk-";
  return std::string(authorization.substr(std::min(kStart.size(), authorization.size())));
}

}  // namespace responses_proxy::sim
