// Texts of a provider's `config` that are never shown: values of its headers and of its query whose
// names say that they hold a secret. Such a provider should have a key instead; some want more than
// one.
//
// Ownership  Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "config_values/field_reader.h"
#include "core/json.h"

namespace responses_proxy {

// What stands in their place in answers. Sent back, it means the value that is there already.
inline constexpr std::string_view kHiddenValue = "***";

// `config` as answers show it.
Json shown_config(Json config);

// Puts in the values that `config` has only the sign of. `before`: what it replaces; null =
// nothing. Error: there is none, by its field.
void fill_hidden_values(Json& config, const Json* before, std::vector<FieldError>& errors);

}  // namespace responses_proxy
