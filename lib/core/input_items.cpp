#include "core/input_items.h"

#include <simdjson.h>

#include <utility>

namespace responses_proxy {

namespace {

// The items of an input, in pieces of it and of what makes an item of a text.
JsonPieces input_pieces(std::string_view input) {
  constexpr std::string_view kBlanks = " \t\r\n";
  if (input.starts_with('[')) {
    input = input.substr(1, input.size() - 2);
    const std::size_t begin = input.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return {input.substr(begin, input.find_last_not_of(kBlanks) + 1 - begin)};
  }
  if (!input.starts_with('"')) return {};
  return {R"({"type":"message","role":"user","content":)", input, "}"};
}

}  // namespace

std::string input_items(std::string_view input) {
  return join_pieces(input_pieces(input));
}

bool split_items(std::string_view array, std::vector<std::string>& items) {
  namespace ondemand = simdjson::ondemand;
  const simdjson::padded_string text(array);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array elements;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS ||
      document.get_array().get(elements) != simdjson::SUCCESS) {
    return false;
  }
  for (auto element : elements) {
    ondemand::object object;
    std::string_view raw;
    if (element.get_object().get(object) != simdjson::SUCCESS ||
        object.raw_json().get(raw) != simdjson::SUCCESS) {
      return false;
    }
    items.emplace_back(raw);
  }
  return true;
}

void append_items(std::string& items, std::string_view more) {
  if (!items.empty() && !more.empty()) items += ',';
  items.append(more);
}

void put_history(JsonEdit& edit, const JsonMembers& request, const JsonPieces& history) {
  JsonPieces whole{"["};
  const auto separate = [&whole] {
    if (whole.size() > 1) whole.push_back(",");
  };
  for (const std::string_view list : history) {
    if (list.empty()) continue;
    separate();
    whole.push_back(list);
  }
  const JsonPieces own = input_pieces(member(request, "input"));
  if (!own.empty()) separate();
  whole.insert(whole.end(), own.begin(), own.end());
  whole.push_back("]");
  edit.drop("previous_response_id");
  edit.drop("conversation");
  edit.put("input", std::move(whole));
}

}  // namespace responses_proxy
