// What is random in the simulated world, all of it from one seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/random.h"

namespace responses_proxy::sim {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t sides) { return random_.next() % sides; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  Millis between(Millis::rep least, Millis::rep most) {
    return Millis(least +
                  static_cast<Millis::rep>(below(static_cast<std::uint64_t>(most - least) + 1)));
  }
  // Usually soon, at times long enough to run into a time-out.
  Millis pause() {
    if (chance(70)) return between(0, 30);
    return chance(90) ? between(30, 400) : between(400, 8'000);
  }
  template <class T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }
  // An index, drawn by weight.
  std::size_t by_weight(const std::vector<std::uint64_t>& weights) {
    std::uint64_t sum = 0;
    for (const std::uint64_t weight : weights) sum += weight;
    std::uint64_t left = below(sum);
    std::size_t index = 0;
    while (left >= weights[index]) left -= weights[index++];
    return index;
  }
  // The text in pieces, cut anywhere.
  std::vector<std::string> cut(const std::string& text, std::size_t most_pieces) {
    std::vector<std::string> pieces;
    std::size_t from = 0;
    for (std::size_t piece = 1 + below(most_pieces); piece > 1 && from < text.size(); --piece) {
      const std::size_t length = 1 + below(text.size() - from);
      pieces.push_back(text.substr(from, length));
      from += length;
    }
    if (from < text.size()) pieces.push_back(text.substr(from));
    return pieces;
  }

 private:
  SeededRandom random_;
};

}  // namespace responses_proxy::sim
