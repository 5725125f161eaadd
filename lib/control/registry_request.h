// What a request to the registry endpoints says besides its body: conditions, pages, who asks.
#pragma once

#include <httplib.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "registry/registry_editor.h"
#include "responses_proxy/config.h"
#include "responses_proxy/result.h"

namespace responses_proxy::control {

// Errors: 400 for a condition that is none of ours.
Result<Conditions> conditions_of(const httplib::Request& request);
std::string etag_of(std::int64_t revision);

// The body of a request that is no JSON object.
Error not_an_object(std::string_view body);
// With all fields that are wrong.
void send_refusal(httplib::Response& response, const Refusal& refusal);

struct RegistryPage {
  std::size_t limit = 100;
  std::string after;  // the key of the last row of the page before; "" = from the newest
  std::optional<bool> enabled;
  std::string provider_id;

  // Behind the row with that key; good for this list with these filters.
  std::string cursor_behind(std::string_view key) const;

  std::string scope;  // which list, with which filters
};
// limit, cursor, enabled and, for aliases, provider_id. Errors: 400 with the parameter.
Result<RegistryPage> page_of(const httplib::Request& request, bool of_aliases);

// Of a DELETE. Errors: 400 for a word that is neither true nor false.
Result<bool> cascade_of(const httplib::Request& request);

// Whoever has made a change, for the audit.
std::string actor_of(const Config& config);

// What follows `prefix` in the path.
std::string name_after(const httplib::Request& request, std::string_view prefix);

}  // namespace responses_proxy::control
