#include "dialects/responses/kept_output.h"

#include "core/json_members.h"

namespace responses_proxy {

namespace {

std::string member_of(std::string_view object, std::string_view key) {
  std::string text(object);
  const auto members = read_members(text);
  return members ? std::string(member(*members, key)) : std::string();
}

// Without the brackets: what stands in the array.
std::string_view elements(std::string_view array) {
  return array.starts_with('[') ? array.substr(1, array.size() - 2) : std::string_view{};
}

}  // namespace

void KeptOutput::add_item_of(std::string_view event) {
  if (whole_) add(member_of(event, "item"));
}

void KeptOutput::complete_from(std::string_view event) {
  if (!whole_ || !items_.empty()) return;
  const std::string output = member_of(member_of(event, "response"), "output");
  add(elements(output));
}

void KeptOutput::give_up() {
  whole_ = false;
  items_ = {};
}

void KeptOutput::add(std::string_view items) {
  if (items_.size() + items.size() > max_bytes_) return give_up();
  if (!items_.empty() && !items.empty()) items_ += ',';
  items_.append(items);
}

}  // namespace responses_proxy
