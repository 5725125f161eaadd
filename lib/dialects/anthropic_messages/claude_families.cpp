#include "dialects/anthropic_messages/claude_families.h"

#include <algorithm>
#include <array>
#include <utility>

namespace responses_proxy {

namespace {

using Generation = std::pair<int, int>;  // 4.7

struct Family {
  Generation since;
  std::string_view json;
};

// The newest first.
constexpr std::array<Family, 6> kFamilies{{
    {{4, 7},
     R"({"thinking":"adaptive","efforts":["low","medium","high","xhigh","max"],"sampling":false,)"
     R"("structured_output":true,"default_max_tokens":16384})"},
    {{4, 6},
     R"({"thinking":"adaptive","efforts":["low","medium","high"],"structured_output":true,)"
     R"("default_max_tokens":16384})"},
    {{4, 5}, R"({"thinking":"budget","structured_output":true,"default_max_tokens":16384})"},
    {{3, 7}, R"({"thinking":"budget","default_max_tokens":16384})"},
    {{3, 5}, R"({"default_max_tokens":8192})"},
    {{0, 0}, R"({"default_max_tokens":4096,"files":false})"},
}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The digits in front; what is longer than two is a date. -1: there is no such number.
int take_number(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  if (digits.empty() || digits.size() > 2) return -1;
  return digits.size() == 1 ? digits[0] - '0' : (digits[0] - '0') * 10 + digits[1] - '0';
}

// Of "-opus-4-20250514" 4.0; the newest where no number is.
Generation generation_of(std::string_view text) {
  while (!text.empty()) {
    if (!is_digit(text.front())) {
      text.remove_prefix(1);
      continue;
    }
    const int first = take_number(text);
    if (first < 0) continue;
    if (!text.empty() && (text.front() == '-' || text.front() == '.')) text.remove_prefix(1);
    return {first, std::max(take_number(text), 0)};
  }
  return kFamilies.front().since;
}

}  // namespace

std::string_view claude_family(std::string_view model) {
  constexpr std::string_view kName = "claude";
  const std::size_t at = model.find(kName);
  if (at == std::string_view::npos) return "{}";
  const Generation generation = generation_of(model.substr(at + kName.size()));
  return std::find_if(kFamilies.begin(), kFamilies.end(),
                      [&](const Family& one) { return one.since <= generation; })
      ->json;
}

}  // namespace responses_proxy
