#include <utility>
#include <vector>

#include "core/input_items.h"
#include "responses_proxy/conversations.h"

namespace responses_proxy {

History::History(StoredTurn turn, std::shared_ptr<const History> before)
    : turn_(std::move(turn)),
      before_(std::move(before)),
      turns_(1 + (before_ ? before_->turns() : 0)),
      bytes_(turn_.input.size() + turn_.output.size() + (before_ ? before_->bytes() : 0)),
      stored_(turn_.stored && (!before_ || before_->stored())) {}

// What ends with it ends one by one: a long chain that freed itself in depth would use up the
// stack.
History::~History() {
  // Scratch memory, one per thread: set while a chain is being freed.
  static thread_local std::vector<std::shared_ptr<const History>>* freed = nullptr;
  if (!before_) return;
  if (freed != nullptr) {
    freed->push_back(std::move(before_));
    return;
  }
  std::vector<std::shared_ptr<const History>> chain;
  chain.push_back(std::move(before_));
  freed = &chain;
  while (!chain.empty()) {
    const std::shared_ptr<const History> next = std::move(chain.back());
    chain.pop_back();
  }
  freed = nullptr;
}

std::string History::items() const {
  std::vector<const StoredTurn*> turns;
  turns.reserve(turns_);
  for (const History* one = this; one != nullptr; one = one->before_.get()) {
    turns.push_back(&one->turn_);
  }
  std::string items;
  items.reserve(bytes_ + 2 * turns_);
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
    append_items(items, (*turn)->input);
    append_items(items, (*turn)->output);
  }
  return items;
}

}  // namespace responses_proxy
