// What an exchange asks and teaches the live state: who knows the id, where the session sticks.
#include <algorithm>
#include <string_view>
#include <utility>

#include "proxy/exchange.h"
#include "responses_proxy/response_index.h"

namespace responses_proxy {

namespace {

// "openai-7": what the seventh key in the list was called before ids were made from the keys.
bool is_position(std::string_view resource_id) {
  constexpr std::string_view kPrefix = "openai-";
  constexpr std::size_t kMostDigits = 3;
  if (!resource_id.starts_with(kPrefix)) return false;
  const std::string_view digits = resource_id.substr(kPrefix.size());
  return !digits.empty() && digits.size() <= kMostDigits &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

// Response affinity in mode "require": no other account knows the response. What a turn builds on
// may be known here as well; then it can go anywhere.
bool Exchange::pinned() const {
  return !required_.empty() && config_.response_affinity == ResponseAffinityMode::require &&
         !(turn_ && turn_->movable());
}

// What the request names outright goes before what its input refers to.
Task Exchange::find_affinity() {
  co_await look_up({AffinityKind::response, facts_.response_key()}, required_);
  if (required_.empty()) co_await look_up_durable();
  if (required_.empty()) co_await look_up_items();
  if (required_.empty()) co_await find_preference();
}

// Nothing keeps it from going anywhere, but somewhere the prompt cache may be warm.
Task Exchange::find_preference() {
  co_await look_up({AffinityKind::response, facts_.comparison_response_id}, preferred_);
  if (preferred_.empty()) {
    co_await look_up({AffinityKind::session, facts_.session_id}, preferred_);
  } else {
    preferred_reason_ = SelectionReason::response_affinity;
  }
}

// Remembered by its position: nobody knows which key stood there. Such an id counts as forgotten,
// not as one whose resource is gone.
bool Exchange::outdated(std::string_view resource_id) const {
  return is_position(resource_id) && route_->table->find(resource_id) == nullptr;
}

// Something is continued, and it is not known that one resource alone can do it: the one that says
// "not found" may be the wrong one.
bool Exchange::nobody_remembers() const {
  return facts_.continues() && !pinned();
}

Task Exchange::look_up(AffinityKey key, std::string& resource_id) {
  if (key.id.empty()) co_return;
  bool done = false;
  dependencies_.state.find_affinity(key, [this, self = shared_from_this(), &done,
                                          &resource_id](std::optional<std::string> found) {
    if (found && !outdated(*found)) resource_id = std::move(*found);
    done = true;
    progress_.fire();
  });
  while (!done) co_await progress_;
}

// Live state does not know the id; the records may.
Task Exchange::look_up_durable() {
  const std::string key = facts_.response_key();
  if (key.empty() || dependencies_.index == nullptr) co_return;
  bool done = false;
  dependencies_.index->find(
      loop_.loop, key, [this, self = shared_from_this(), &done](std::optional<std::string> found) {
        if (found && !outdated(*found)) required_ = std::move(*found);
        done = true;
        progress_.fire();
      });
  while (!done) co_await progress_;
  if (!required_.empty()) {
    dependencies_.state.remember_affinity({AffinityKind::response, key}, required_, {});
  }
}

// All at once, so that a late store costs its budget once. The last item of the input that anybody
// remembers decides: it is the newest.
Task Exchange::look_up_items() {
  std::vector<std::string> found(facts_.item_references.size());
  std::size_t open = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ++open;
    dependencies_.state.find_affinity(
        {AffinityKind::item, facts_.item_references[i]},
        [this, self = shared_from_this(), &open, &resource_id = found[i]](auto known) {
          if (known && !outdated(*known)) resource_id = std::move(*known);
          --open;
          progress_.fire();
        });
    if (!found[i].empty()) break;  // at once: no earlier item needs to be asked about
  }
  while (open > 0) co_await progress_;
  const auto newest =
      std::find_if(found.begin(), found.end(), [](const auto& id) { return !id.empty(); });
  if (newest != found.end()) required_ = std::move(*newest);
}

// The session sticks to the resource that serves it, not to one that was only tried.
void Exchange::remember_session() {
  const bool known = preferred_reason_ == SelectionReason::session_affinity &&
                     attempt_->resource_id() == preferred_;
  if (facts_.session_id.empty() || known) return;
  dependencies_.state.remember_affinity({AffinityKind::session, facts_.session_id},
                                        attempt_->resource_id(), {});
}

// Nobody remembered who knows what the request continues: this resource does.
void Exchange::remember_continued() {
  if (!required_.empty()) return;
  const std::string& resource_id = attempt_->resource_id();
  if (const std::string& id = facts_.response_key(); !id.empty()) {
    dependencies_.state.remember_affinity({AffinityKind::response, id}, resource_id, {});
  }
  for (const std::string& id : facts_.item_references) {
    dependencies_.state.remember_affinity({AffinityKind::item, id}, resource_id, {});
  }
}

// Before the client can see the end of the answer, so that a continuation finds its resource.
void Exchange::remember_answer() {
  const AnswerFacts& facts = attempt_->facts();
  if (!facts.response_id.empty() && facts.response_id != response_id_) {
    response_id_ = facts.response_id;
    record_.response_id = mask_.apply(response_id_);
    remember({AffinityKind::response, record_.response_id});
  }
  if (!facts.conversation_id.empty() && facts.conversation_id != conversation_id_) {
    conversation_id_ = facts.conversation_id;
    const std::string id = mask_.apply(conversation_id_);
    if (id != facts_.conversation_id) remember({AffinityKind::response, id});
  }
  if (!facts_.stored || !facts.stored) return;
  while (items_remembered_ < facts.item_ids.size()) {
    const std::string id = mask_.apply(facts.item_ids[items_remembered_++]);
    remember({AffinityKind::item, id});
  }
}

void Exchange::remember(const AffinityKey& key) {
  ++remembering_;
  dependencies_.state.remember_affinity(key, attempt_->resource_id(), [self = shared_from_this()] {
    --self->remembering_;
    self->progress_.fire();
  });
}

}  // namespace responses_proxy
