// The promises that the proxy has broken, in words; each is one failure of the test.
#pragma once

#include <string>
#include <vector>

namespace responses_proxy::sim {

class Promises {
 public:
  static constexpr std::size_t kMostTold = 20;

  void expect(bool kept, const std::string& who, const char* promise) {
    if (kept) return;
    ++broken_;
    if (told_.size() < kMostTold) told_.push_back(who + ": " + promise);
  }
  std::size_t broken() const { return broken_; }
  std::string told() const {
    std::string all;
    for (const std::string& one : told_) all += one + "\n";
    return all;
  }

 private:
  std::size_t broken_ = 0;
  std::vector<std::string> told_;
};

}  // namespace responses_proxy::sim
