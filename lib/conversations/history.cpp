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

std::vector<std::string_view> History::lists() const {
  std::vector<std::string_view> newest_first;
  newest_first.reserve(2 * turns_);
  for (const History* one = this; one != nullptr; one = one->before_.get()) {
    for (const std::string_view list :
         {std::string_view(one->turn_.output), std::string_view(one->turn_.input)}) {
      if (!list.empty()) newest_first.push_back(list);
    }
  }
  return {newest_first.rbegin(), newest_first.rend()};
}

std::string History::items() const {
  std::string items;
  items.reserve(bytes_ + 2 * turns_);
  for (const std::string_view list : lists()) append_items(items, list);
  return items;
}

}  // namespace responses_proxy
