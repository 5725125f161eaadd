// Feeds the same bytes cut in every possible way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace responses_proxy::testing {

// `bytes` in pieces that end at `cuts` (ascending).
inline std::vector<std::string> cut_at(std::string_view bytes,
                                       const std::vector<std::size_t>& cuts) {
  std::vector<std::string> pieces;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    pieces.emplace_back(bytes.substr(begin, cut - begin));
    begin = cut;
  }
  pieces.emplace_back(bytes.substr(begin));
  return pieces;
}

inline std::vector<std::string> in_chunks(std::string_view bytes, std::size_t size) {
  std::vector<std::string> pieces;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
    pieces.emplace_back(bytes.substr(0, size));
  }
  return pieces;
}

// Calls use(pieces) for the whole, every single cut, every pair of cuts, and single bytes.
template <class Use>
void for_all_splits(std::string_view bytes, Use&& use) {
  use(cut_at(bytes, {}));
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    use(cut_at(bytes, {first}));
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      use(cut_at(bytes, {first, second}));
    }
  }
  use(in_chunks(bytes, 1));
}

}  // namespace responses_proxy::testing
