// KeptOutput: the output items of a streamed answer, as they stand in its events.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace responses_proxy {

class KeptOutput {
 public:
  // 0: nothing is kept.
  explicit KeptOutput(std::size_t max_bytes) : max_bytes_(max_bytes), whole_(max_bytes > 0) {}

  // The item that an event brings. One too many, and all are given up.
  void add(std::string_view item);
  // The output (an array) that the terminal event has, if no other event has brought any.
  void complete_from(std::string_view output);
  void give_up();

  const std::string& items() const { return items_; }  // comma-separated JSON
  bool whole() const { return whole_; }
  std::size_t bytes() const { return items_.size(); }

 private:
  void append(std::string_view items);

  const std::size_t max_bytes_;
  bool whole_;
  std::string items_;
};

}  // namespace responses_proxy
