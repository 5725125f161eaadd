// Secret: a credential that cannot be printed by accident.
//
// Role       Wraps API keys and tokens. There is no stream operator, no fmt formatter and no JSON
//            conversion: whoever needs the text says so with reveal().
// Limits     masked() shows at most the last four characters, and nothing of a short value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  bool empty() const { return value_.empty(); }
  const std::string& reveal() const { return value_; }
  // "...c3d4"; "..." for values under 12 characters, "" for none.
  std::string masked() const {
    if (value_.empty()) return {};
    return value_.size() < 12 ? "..." : "..." + value_.substr(value_.size() - 4);
  }
  // Takes the same time wherever the first difference stands.
  bool equals(std::string_view candidate) const {
    unsigned difference = value_.size() == candidate.size() ? 0U : 1U;
    for (std::size_t i = 0; i < candidate.size(); ++i) {
      const char own = value_.empty() ? '\0' : value_[i % value_.size()];
      difference |= static_cast<unsigned char>(own ^ candidate[i]);
    }
    return difference == 0;
  }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace responses_proxy
