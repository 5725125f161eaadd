// The resources that the API keys of the environment become.
//
// Ids        "openai-" and the first digits of a SHA-256 over base URL and key: the same on every
//            replica and after any change to the list of keys, so that what is remembered of a
//            resource stays with its account.
// Names      What people read: OPENAI_RESOURCE_NAMES by position, else "openai-1" by position.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/field_table.h"
#include "responses_proxy/config.h"

namespace responses_proxy::config {

inline constexpr std::size_t kIdDigits = 8;
// Of ids that would be the same otherwise, whatever the order of their keys.
inline constexpr std::size_t kLongIdDigits = 16;

std::string resource_id(std::string_view base_url, const Secret& key,
                        std::size_t digits = kIdDigits);

// Lists by position that do not fit the keys, names that two resources would share.
void check_positions(const Draft& draft, std::vector<ConfigError>& errors);

std::vector<Resource> build_resources(const Draft& draft);

}  // namespace responses_proxy::config
