#include "control/registry_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/answer.h"
#include "control/parameters.h"
#include "core/base64.h"
#include "core/json_object.h"

namespace responses_proxy::control {

namespace {

// "12", as etag_of() writes it, quotes included.
std::optional<std::int64_t> revision_of(std::string_view tag) {
  if (tag.size() < 3 || !tag.starts_with('"') || !tag.ends_with('"')) return std::nullopt;
  return whole_number<std::int64_t>(tag.substr(1, tag.size() - 2));
}

}  // namespace

std::string etag_of(std::int64_t revision) {
  return fmt::format("\"{}\"", revision);
}

Result<Conditions> conditions_of(const httplib::Request& request) {
  Conditions conditions;
  const std::string match = request.get_header_value("If-Match");
  if (match == "*") {
    conditions.exists = true;
  } else if (!match.empty()) {
    conditions.revision = revision_of(match);
    if (!conditions.revision) {
      return Error::invalid_request("invalid_header",
                                    "If-Match must be * or the ETag of an answer.", "If-Match");
    }
  }
  const std::string none = request.get_header_value("If-None-Match");
  if (!none.empty() && none != "*") {
    return Error::invalid_request("invalid_header", "If-None-Match must be *.", "If-None-Match");
  }
  conditions.absent = none == "*";
  return conditions;
}

Error not_an_object(std::string_view body) {
  return Error::invalid_request(
      "invalid_json",
      fmt::format("The body of the request {}. It must be one: {{\"name\": value, ...}}.",
                  json_object_problem(body)));
}

void send_refusal(httplib::Response& response, const Refusal& refusal) {
  send_error(response, refusal.error);
  if (refusal.fields.empty()) return;
  Json answer = Json::parse(refusal.error.to_json());
  Json errors = Json::array();
  for (const FieldError& error : refusal.fields) {
    errors.push_back({{"field", error.field}, {"message", error.message}});
  }
  answer["errors"] = std::move(errors);
  send_json(response, answer, refusal.error.status);
}

std::string RegistryPage::cursor_behind(std::string_view key) const {
  return base64url(scope + std::string(key));
}

Result<RegistryPage> page_of(const httplib::Request& request, bool of_aliases) {
  constexpr std::size_t kMost = 1'000;
  RegistryPage page;
  std::string cursor;
  for (const auto& [name, value] : request.params) {
    if (request.params.count(name) > 1) return bad_parameter(name.substr(0, 64), "given once");
    if (name == "limit") {
      const auto number = whole_number<std::size_t>(value, 1, kMost);
      if (!number) {
        return bad_parameter("limit", fmt::format("a whole number from 1 to {}", kMost));
      }
      page.limit = *number;
    } else if (name == "cursor") {
      cursor = value;
    } else if (name == "enabled") {
      if (value != "true" && value != "false") return bad_parameter("enabled", "true or false");
      page.enabled = value == "true";
    } else if (name == "provider_id" && of_aliases) {
      page.provider_id = value;
    } else {
      return Error::invalid_request(
          "invalid_parameter",
          fmt::format("{} is no parameter of {}; it takes limit, cursor, enabled{}.",
                      name.substr(0, 64), request.path, of_aliases ? ", provider_id" : ""),
          name.substr(0, 64));
    }
  }
  page.scope =
      fmt::format("{} {} {} ", of_aliases ? "models" : "providers",
                  page.enabled ? fmt::format("{}", *page.enabled) : "any", page.provider_id);
  if (cursor.empty()) return page;
  const auto after = base64_decoded(cursor);
  if (!after || !after->starts_with(page.scope)) {
    return bad_parameter("cursor",
                         "the next_cursor of this list's page before, with the same filters");
  }
  page.after = after->substr(page.scope.size());
  return page;
}

Result<bool> cascade_of(const httplib::Request& request) {
  if (request.params.count("cascade") > 1) return bad_parameter("cascade", "given once");
  const std::string word = request.get_param_value("cascade");
  if (word.empty() || word == "false") return false;
  if (word == "true") return true;
  return bad_parameter("cascade", "true or false");
}

std::string actor_of(const Config& config) {
  return config.admin_token.empty() ? "anonymous" : "admin";
}

std::string name_after(const httplib::Request& request, std::string_view prefix) {
  return request.path.substr(std::min(prefix.size(), request.path.size()));
}

}  // namespace responses_proxy::control
