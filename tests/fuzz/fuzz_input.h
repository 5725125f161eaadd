// Takes a fuzzer's bytes apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace responses_proxy::fuzz {

// Ends the run: libFuzzer reports the input.
inline void require(bool condition) {
  if (!condition) std::abort();
}

class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  std::string_view text(std::size_t size) {
    const std::string_view front = rest_.substr(0, size);
    rest_.remove_prefix(front.size());
    return front;
  }
  std::string_view rest() { return text(rest_.size()); }

  // The rest whole and in pieces; its first bytes say where to cut.
  struct Cut {
    std::string_view whole;
    std::vector<std::string_view> pieces;
  };
  Cut cut() {
    std::vector<std::size_t> sizes(byte() % 16);
    for (std::size_t& size : sizes) size = byte();
    Cut cut{rest_, {}};
    for (const std::size_t size : sizes) cut.pieces.push_back(text(size));
    cut.pieces.push_back(rest());
    return cut;
  }

 private:
  std::string_view rest_;
};

}  // namespace responses_proxy::fuzz
