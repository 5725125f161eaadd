#include "sim/exchange/seen_answer.h"

#include <charconv>

#include "sim/exchange/answers.h"

namespace responses_proxy::sim {

namespace {

std::optional<std::int64_t> number_of(std::string_view json) {
  constexpr std::string_view kKey = "\"sequence_number\":";
  const std::size_t at = json.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t number = 0;
  std::from_chars(json.data() + at + kKey.size(), json.data() + json.size(), number);
  return number;
}

bool ends_an_answer(std::string_view type) {
  return type == "response.completed" || type == "response.incomplete" ||
         type == "response.failed" || type == "error";
}

}  // namespace

void SeenAnswer::add_event(std::string_view json) {
  const std::string type = text_member(json, "type");
  course_ += " " + type;
  if (ends_ > 0 && type.starts_with("response.")) behind_the_end_ = true;
  if (const auto number = number_of(json)) {
    gapless_ = gapless_ && *number == number_.value_or(-1) + 1;
    number_ = number;
    course_ += " " + std::to_string(*number);
  }
  if (!ends_an_answer(type)) return;
  ++ends_;
  last_type_ = type;
  if (type == "response.completed") completed_response_ = text_member(json, "id");
}

void SeenAnswer::add_stream(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    std::string_view event = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 2);
    const std::size_t data = event.find("data: {");
    if (data != std::string_view::npos && end != std::string_view::npos) {
      add_event(event.substr(data + 6));
    }
  }
}

}  // namespace responses_proxy::sim
