// The URLs a configuration may hold: is it one of ours, and how to show it without its secrets.
//
// Ownership  Pure functions.
// Errors     A problem is the end of a sentence ("has no host"); "" = nothing wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace responses_proxy::config {

// http or https, with a host; no credentials, query or fragment. Trailing slashes are the caller's.
std::string base_url_problem(std::string_view url);
// Whether who listens on that host and port is found under the URL, as far as their texts tell:
// names other than localhost are not looked up.
bool leads_to(std::string_view base_url, std::string_view host, std::uint16_t port);
// Whether what stands under that name in a query, or in a header, is likely to be a secret.
bool names_secret(std::string_view name);

// The URL with "***" for the password, for query values that name a secret and for the fragment.
// Works on malformed URLs too: rather hides too much. Without a scheme: Secret::masked().
std::string mask_url(std::string_view url);

}  // namespace responses_proxy::config
