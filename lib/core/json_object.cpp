#include "core/json_object.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json_reader.h"

namespace responses_proxy {

namespace {

// As editors of Windows write it; RFC 8259 section 8.1 lets a reader pass over it.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Reads on until the text stops being JSON, and keeps nothing but the place.
struct FaultFinder final : nlohmann::json_sax<Json> {
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    bytes_read = position;
    return false;
  }

  std::size_t bytes_read = 0;  // the last of them is the fault; 0: there is none
};

}  // namespace

std::optional<Json> parse_json_value(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  // nlohmann's parser knows no depth that is too much, and its writer would fail on it.
  if (!read_json(text, [](simdjson::dom::element) {})) return std::nullopt;
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return std::nullopt;
  return document;
}

std::optional<Json> parse_json_object(std::string_view text) {
  auto document = parse_json_value(text);
  if (!document || !document->is_object()) return std::nullopt;
  return document;
}

std::string json_object_problem(std::string_view text) {
  FaultFinder finder;
  Json::sax_parse(text, &finder);
  const std::string problem = "is no JSON object";
  if (finder.bytes_read == 0) return problem;
  const std::string_view before = text.substr(0, finder.bytes_read - 1);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("{}: it stops being JSON at line {}, column {}", problem, lines + 1,
                     before.size() - line_start + 1);
}

}  // namespace responses_proxy
