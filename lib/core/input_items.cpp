#include "core/input_items.h"

#include <simdjson.h>

namespace responses_proxy {

std::string input_items(std::string_view input) {
  constexpr std::string_view kBlanks = " \t\r\n";
  if (input.starts_with('[')) {
    input = input.substr(1, input.size() - 2);
    const std::size_t begin = input.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return std::string(input.substr(begin, input.find_last_not_of(kBlanks) + 1 - begin));
  }
  if (!input.starts_with('"')) return {};
  return std::string(R"({"type":"message","role":"user","content":)").append(input).append("}");
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

void put_history(JsonEdit& edit, const JsonMembers& request, std::string_view history) {
  std::string whole(history);
  append_items(whole, input_items(member(request, "input")));
  edit.drop("previous_response_id");
  edit.drop("conversation");
  edit.put("input", whole.insert(0, 1, '[').append(1, ']'));
}

}  // namespace responses_proxy
