#include "dialects/translation/known_effort.h"

#include <algorithm>
#include <array>

namespace responses_proxy {

namespace {

constexpr std::array<std::string_view, 7> kEfforts = {"none", "minimal", "low", "medium",
                                                      "high", "xhigh",   "max"};

std::size_t rank(std::string_view effort) {
  const auto* const found = std::find(kEfforts.begin(), kEfforts.end(), effort);
  return static_cast<std::size_t>(found - kEfforts.begin());
}

}  // namespace

std::string known_effort(const std::vector<std::string>& known, std::string_view asked) {
  if (std::find(known.begin(), known.end(), asked) != known.end()) return std::string(asked);
  if (asked == "none") return {};
  const std::string* higher = nullptr;
  const std::string* highest = nullptr;
  for (const std::string& one : known) {
    if (one == "none") continue;
    if (highest == nullptr || rank(one) > rank(*highest)) highest = &one;
    const bool enough = rank(one) >= rank(asked);
    if (enough && (higher == nullptr || rank(one) < rank(*higher))) higher = &one;
  }
  if (higher != nullptr) return *higher;
  return highest != nullptr ? *highest : std::string();
}

}  // namespace responses_proxy
