#include "config/client_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/field_types.h"
#include "config_values/value_parser.h"

namespace responses_proxy::config {

namespace {

bool is_caller_name(std::string_view text) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= kMaxCallerName &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string name_at(std::size_t position) {
  return fmt::format("token-{}", position);
}

std::string read_item(std::string_view item, ClientToken& token) {
  if (std::string problem = copying_problem(item); !problem.empty()) return problem;
  if (const auto colon = item.find(':'); colon != std::string_view::npos) {
    token.name = item.substr(0, colon);
    item.remove_prefix(colon + 1);
    if (!is_caller_name(token.name)) return "has no valid name before its first colon";
    if (item.empty()) return "has a name and no token";
    if (std::string problem = copying_problem(item); !problem.empty()) return problem;
  }
  token.secret = Secret(std::string(item));
  return credential_problem(item);
}

// Who of them is asking, nobody could tell.
std::string callers_of_one_token(const std::vector<ClientToken>& tokens) {
  for (auto token = tokens.begin(); token != tokens.end(); ++token) {
    const auto other = std::find_if(tokens.begin(), token, [&](const ClientToken& earlier) {
      return earlier.secret.reveal() == token->secret.reveal() && earlier.name != token->name;
    });
    if (other == token) continue;
    return fmt::format("gives {} and {} the same token", other->name, token->name);
  }
  return {};
}

}  // namespace

std::string read_client_tokens(std::string_view value, std::vector<ClientToken>& tokens) {
  std::vector<std::size_t> nameless;  // positions, from 1
  std::size_t position = 0;
  for (const std::string_view item : split_list(value)) {
    ++position;
    if (item.empty()) continue;
    ClientToken token;
    const std::string problem = read_item(item, token);
    if (!problem.empty()) return fmt::format("has an item (number {}) that {}", position, problem);
    if (token.name.empty()) nameless.push_back(position);
    tokens.push_back(std::move(token));
  }
  for (const std::size_t at : nameless) {
    const std::string name = name_at(at);
    if (std::any_of(tokens.begin(), tokens.end(),
                    [&](const ClientToken& token) { return token.name == name; })) {
      return fmt::format(
          "has an item (number {}) that has no name and would be called {}, as "
          "another one is",
          at, name);
    }
  }
  auto next = nameless.begin();
  for (ClientToken& token : tokens) {
    if (token.name.empty()) token.name = name_at(*next++);
  }
  if (tokens.empty()) return "has no item";
  return callers_of_one_token(tokens);
}

}  // namespace responses_proxy::config
