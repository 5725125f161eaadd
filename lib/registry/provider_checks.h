// What is wrong with single settings of a provider, each as the end of a sentence that starts with
// the field; "" = nothing.
//
// Ownership  Pure functions.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "config_values/field_reader.h"
#include "registry/provider.h"

namespace responses_proxy {

constexpr std::array<std::string_view, 4> kAuthTypes = {"bearer", "api_key", "query", "none"};
bool is_auth_type(std::string_view word);

std::string provider_id_problem(std::string_view text);
std::string pool_id_problem(std::string_view text);
std::string label_problem(std::string_view text);
std::string base_url_problem(std::string_view url, bool allow_private);
std::string health_path_problem(std::string_view path);
std::string reference_problem(std::string_view reference);
std::string auth_name_problem(std::string_view name, std::string_view auth_type);
// Why that header may not be sent by configuration.
std::string own_header_problem(std::string_view name);
// All that is wrong with `config`.
void check_config(const Provider& provider, std::vector<FieldError>& errors);

// Without the trailing slashes that everybody writes.
std::string_view trimmed_url(std::string_view url);

}  // namespace responses_proxy
