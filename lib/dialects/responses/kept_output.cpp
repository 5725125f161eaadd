#include "dialects/responses/kept_output.h"

namespace responses_proxy {

namespace {

// Without the brackets: what stands in the array.
std::string_view elements(std::string_view array) {
  return array.starts_with('[') ? array.substr(1, array.size() - 2) : std::string_view{};
}

}  // namespace

void KeptOutput::add(std::string_view item) {
  if (whole_) append(item);
}

void KeptOutput::complete_from(std::string_view output) {
  if (whole_ && items_.empty()) append(elements(output));
}

void KeptOutput::give_up() {
  whole_ = false;
  items_ = {};
}

void KeptOutput::append(std::string_view items) {
  if (items_.size() + items.size() > max_bytes_) return give_up();
  if (!items_.empty() && !items.empty()) items_ += ',';
  items_.append(items);
}

}  // namespace responses_proxy
