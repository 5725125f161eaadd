#include <doctest/doctest.h>

#include <vector>

#include "responses_proxy/routing_table.h"

namespace responses_proxy {

TEST_CASE("each target is drawn as often as its weight says, whatever the weights") {
  const std::vector<std::vector<double>> cases = {{1},
                                                  {1, 1},
                                                  {1, 2},
                                                  {5, 1, 1},
                                                  {0.25, 0.5, 3, 3},
                                                  {1000, 1, 1, 1},
                                                  {1, 1, 1, 1, 1, 1, 1, 1, 9}};
  constexpr int kDraws = 100'000;
  for (const auto& weights : cases) {
    CAPTURE(weights.size());
    std::vector<Target> targets(weights.size());
    double all = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) all += targets[i].weight = weights[i];
    prepare_draws(targets);
    std::vector<int> drawn(weights.size());
    for (int i = 0; i < kDraws; ++i) {  // evenly over [0, 1)
      ++drawn[static_cast<std::size_t>(&drawn_by_weight(targets, i / double{kDraws}) -
                                       targets.data())];
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      CHECK(drawn[i] == doctest::Approx(kDraws * weights[i] / all).epsilon(0.02));
    }
  }
}

TEST_CASE("the last fraction below one is still within the range") {
  std::vector<Target> targets(7);
  prepare_draws(targets);
  CHECK(&drawn_by_weight(targets, 0) == &targets.front());
  CHECK(&drawn_by_weight(targets, 0x1.fffffffcp-1) == &targets.back());  // 31 bits, as a pick draws
}

TEST_CASE("nothing is prepared of nothing") {
  prepare_draws({});
}

}  // namespace responses_proxy
