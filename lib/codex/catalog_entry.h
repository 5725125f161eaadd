// catalog_entry: what Codex is told about one alias.
//
// Role       A default that any model can live with, or the entry of the model behind the alias,
// and
//            on top of it what the alias says of itself (its `capabilities`, in Codex's own words).
// Errors     None: what Codex would not take is left out, for it takes no list with one such entry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/json.h"

namespace responses_proxy {

// Told where nobody says how much the model takes: Codex compacts in time only if it knows.
inline constexpr std::int64_t kDefaultContextWindow = 128'000;

struct EntryOf {
  std::string slug;
  std::string display_name = {};       // "" = the slug
  std::int32_t priority = 0;           // the smallest of what is listed is Codex's default
  std::string_view capabilities = {};  // a JSON object; "" = nothing is known
  // A provider that speaks another wire format: what only Responses upstreams can do stays off.
  bool translated = false;
};

// `of_model`: the entry of the model behind it, else null.
Json catalog_entry(const EntryOf& alias, const Json* of_model);

}  // namespace responses_proxy
