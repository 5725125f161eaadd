#include "dialects/limit_meters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "core/ascii_case.h"
#include "core/json_object.h"
#include "dialects/retry_after.h"

namespace responses_proxy {

namespace {

struct Family {
  std::string_view prefix;
  bool of_plan;  // of the account, whatever the model
};
// The longer one of two that begin alike goes first.
constexpr std::array<Family, 8> kFamilies = {{{"anthropic-ratelimit-unified-", true},
                                              {"anthropic-ratelimit-", false},
                                              {"anthropic-", false},  // -priority-, -fast-
                                              {"x-ratelimitbysize-", false},
                                              {"x-ratelimit-", false},
                                              {"ratelimitbysize-", false},
                                              {"ratelimit-", false},
                                              {"x-codex-", true}}};

enum class Fact : std::uint8_t { limit, remaining, reset, used_percent, utilization, minutes };
struct FactWord {
  std::string_view word;
  Fact fact;
};
constexpr std::array<FactWord, 8> kFacts = {{{"reset-after-seconds", Fact::reset},
                                             {"reset-at", Fact::reset},
                                             {"reset", Fact::reset},
                                             {"limit", Fact::limit},
                                             {"remaining", Fact::remaining},
                                             {"used-percent", Fact::used_percent},
                                             {"utilization", Fact::utilization},
                                             {"window-minutes", Fact::minutes}}};

// The fields of one meter, as they stand in the head.
struct Draft {
  const Family* family;
  std::string name;
  std::array<std::optional<double>, kFacts.size()> numbers{};
  std::string_view reset;

  const std::optional<double>& at(Fact fact) const {
    return numbers[static_cast<std::size_t>(fact)];
  }
};

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

const Family* family_of(std::string_view name) {
  const auto found = std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Family& family) {
    return equals_ignore_case(name.substr(0, family.prefix.size()), family.prefix);
  });
  return found == kFamilies.end() ? nullptr : &*found;
}

// "limit-tokens" and "tokens-limit" are the limit of "tokens"; takes the fact out of `rest`.
std::optional<Fact> take_fact(std::string& rest) {
  for (const auto& [word, fact] : kFacts) {
    if (rest == word) {
      rest = "requests";
    } else if (rest.starts_with(word) && rest[word.size()] == '-') {
      rest.erase(0, word.size() + 1);
    } else if (rest.ends_with(word) && rest[rest.size() - word.size() - 1] == '-') {
      rest.erase(rest.size() - word.size() - 1);
    } else {
      continue;
    }
    return fact;
  }
  return std::nullopt;
}

Draft& draft_of(std::vector<Draft>& drafts, const Family* family, std::string name) {
  for (Draft& draft : drafts) {
    if (draft.family == family && draft.name == name) return draft;
  }
  drafts.push_back({family, std::move(name), {}, {}});
  return drafts.back();
}

// How much of it is left; nullopt: it does not say.
std::optional<double> headroom_of(const Draft& draft) {
  if (const auto used = draft.at(Fact::used_percent)) {
    const bool empty =
        *used == 0 && draft.at(Fact::minutes).value_or(0) == 0 && draft.reset.empty();
    return empty ? std::nullopt : std::optional(1 - *used / 100);
  }
  if (const auto used = draft.at(Fact::utilization)) return 1 - *used;
  const auto limit = draft.at(Fact::limit);
  const auto remaining = draft.at(Fact::remaining);
  if (!limit || !remaining || *limit < 0 || *remaining < 0) return std::nullopt;
  // Of the fast mode it means that the account does not have it; of everything else, nothing.
  if (*limit == 0) return draft.name.starts_with("fast-") ? std::optional(0.0) : std::nullopt;
  return *remaining / *limit;
}

std::optional<LimitMeter> meter_of(const Draft& draft, const std::string& model, WallTime now) {
  const auto headroom = headroom_of(draft);
  if (!headroom) return std::nullopt;
  LimitMeter meter;
  if (!draft.family->of_plan) meter.model = model;
  meter.name = draft.name;
  meter.window = draft.at(Fact::used_percent) || draft.at(Fact::utilization);
  if (!meter.window) {
    meter.limit = draft.at(Fact::limit);
    meter.remaining = draft.at(Fact::remaining);
  }
  meter.headroom = std::clamp(*headroom, 0.0, 1.0);
  if (const auto left = time_left(draft.reset, now)) meter.full_at = now + *left;
  meter.seen_at = now;
  meter.source = draft.family->prefix.substr(0, draft.family->prefix.size() - 1);
  return meter;
}

// A number as a header says it; a text that is no field's value is left out.
void add_number(Headers& headers, const std::string& name, const Json& window, const char* member) {
  const auto found = window.find(member);
  if (found == window.end() || !found->is_number()) return;
  headers.add(name, found->dump());
}

}  // namespace

std::vector<LimitMeter> limit_meters(const Headers& headers, const std::string& model,
                                     WallTime now) {
  std::vector<Draft> drafts;
  for (const Header& header : headers) {
    const Family* const family = family_of(header.name);
    if (family == nullptr) continue;
    std::string rest = ascii_lower(header.name.substr(family->prefix.size()));
    const auto fact = take_fact(rest);
    if (!fact) continue;
    Draft& draft = draft_of(drafts, family, std::move(rest));
    if (*fact == Fact::reset) {
      draft.reset = header.value;
    } else {
      draft.numbers[static_cast<std::size_t>(*fact)] = number_in(header.value);
    }
  }
  std::vector<LimitMeter> meters;
  for (const Draft& draft : drafts) {
    if (auto meter = meter_of(draft, model, now)) meters.push_back(*std::move(meter));
  }
  return meters;
}

std::vector<LimitMeter> limit_meters(std::string_view event_json, WallTime now) {
  constexpr std::size_t kMostBytes = 64 * 1024;
  if (event_json.size() > kMostBytes) return {};
  const auto event = parse_json_object(event_json);
  if (!event) return {};
  const Json limits = event->value("rate_limits", Json());
  if (!limits.is_object()) return {};
  constexpr std::size_t kLongestName = 100;
  const Json metered = event->value("metered_limit_name", Json());
  const std::string name_of_meter = metered.is_string() ? metered.get<std::string>() : "codex";
  if (name_of_meter.size() > kLongestName) return {};
  const std::string family =
      name_of_meter == "codex" ? "x-codex-" : "x-codex-" + name_of_meter + "-";
  Headers headers;
  for (const char* name : {"primary", "secondary"}) {
    const auto window = limits.find(name);
    if (window == limits.end() || !window->is_object()) continue;
    const std::string prefix = family + name;
    add_number(headers, prefix + "-used-percent", *window, "used_percent");
    add_number(headers, prefix + "-window-minutes", *window, "window_minutes");
    add_number(headers, prefix + "-reset-at", *window, "reset_at");
  }
  return limit_meters(headers, {}, now);
}

}  // namespace responses_proxy
