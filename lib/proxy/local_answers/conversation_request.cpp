#include "proxy/local_answers/conversation_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/input_items.h"
#include "core/json.h"
#include "core/json_members.h"

namespace responses_proxy::local_answers {

namespace {

Error wrong(std::string param, std::string_view what) {
  std::string message = fmt::format("Invalid '{}': {}.", param, what);
  return Error::invalid_request("invalid_value", std::move(message), std::move(param));
}

std::size_t characters(std::string_view text) {
  constexpr unsigned kKind = 0xC0;
  constexpr unsigned kWithin = 0x80;  // UTF-8: a byte that begins no character
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & kKind) != kWithin;
  }));
}

std::optional<Error> check_metadata(const Json& metadata) {
  using Request = ConversationRequest;
  if (!metadata.is_object()) return wrong("metadata", "expected an object");
  if (metadata.size() > Request::kMaxPairs) {
    return wrong("metadata", fmt::format("expected at most {} pairs", Request::kMaxPairs));
  }
  for (const auto& [key, value] : metadata.items()) {
    if (characters(key) > Request::kMaxKeyChars) {
      return wrong("metadata",
                   fmt::format("keys have at most {} characters", Request::kMaxKeyChars));
    }
    const auto* const text = value.get_ptr<const std::string*>();
    if (text == nullptr || characters(*text) > Request::kMaxValueChars) {
      return wrong("metadata." + key, fmt::format("expected a string of at most {} characters",
                                                  Request::kMaxValueChars));
    }
  }
  return std::nullopt;
}

// By its type, or as an id without type and role.
bool only_names(std::string_view item) {
  const auto members = read_members(item);
  if (!members) return false;
  const auto text = [&](std::string_view key) { return string_content(member(*members, key)); };
  if (const std::string type = text("type"); !type.empty()) return type == "item_reference";
  return text("role").empty() && !text("id").empty();
}

std::optional<Error> check_items(std::string_view array, std::vector<std::string>& items) {
  if (!array.starts_with('[') || !split_items(array, items)) {
    return wrong("items", "expected an array of objects");
  }
  if (items.size() > ConversationRequest::kMaxItems) {
    return wrong("items", fmt::format("expected at most {} items", ConversationRequest::kMaxItems));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (only_names(items[i])) {
      return wrong(fmt::format("items[{}]", i), "expected an item, not a reference to one");
    }
  }
  return std::nullopt;
}

}  // namespace

Result<ConversationRequest> read_conversation_request(std::string_view body) {
  ConversationRequest request;
  const std::string_view text = body.empty() ? "{}" : body;
  const auto members = read_members(text);
  // Items are handed on as they stand.
  if (!members || !Json::accept(text)) {
    return Error::invalid_request("invalid_json", "The request body is not a JSON object.");
  }
  if (const auto metadata = member(*members, "metadata"); !metadata.empty() && metadata != "null") {
    const Json given = Json::parse(metadata);
    if (auto error = check_metadata(given)) return *error;
    request.metadata = dump(given);
  }
  if (const auto array = member(*members, "items"); !array.empty() && array != "null") {
    std::vector<std::string> items;
    if (auto error = check_items(array, items)) return *error;
    request.items.emplace();
    for (const std::string& item : items) append_items(*request.items, item);
  }
  return request;
}

}  // namespace responses_proxy::local_answers
