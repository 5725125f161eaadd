// What an exchange asks and teaches the live state: who knows the id, where the session sticks.
#include <utility>

#include "proxy/exchange.h"
#include "responses_proxy/response_index.h"

namespace responses_proxy {

// Response affinity in mode "require": no other account knows the response. What a turn builds on
// may be known here as well; then it can go anywhere.
bool Exchange::pinned() const {
  return !required_.empty() && config_.response_affinity == ResponseAffinityMode::require &&
         !(turn_ && turn_->movable());
}

// An id is continued, and it is not known that one resource alone can do it: the one that says "not
// found" may be the wrong one.
bool Exchange::nobody_remembers() const {
  return !facts_.response_key().empty() && !pinned();
}

Task Exchange::look_up(AffinityKey key, std::string& resource_id) {
  if (key.id.empty()) co_return;
  bool done = false;
  dependencies_.state.find_affinity(key, [this, self = shared_from_this(), &done,
                                          &resource_id](std::optional<std::string> found) {
    if (found) resource_id = std::move(*found);
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
        if (found) required_ = std::move(*found);
        done = true;
        progress_.fire();
      });
  while (!done) co_await progress_;
  if (!required_.empty()) {
    dependencies_.state.remember_affinity({AffinityKind::response, key}, required_, {});
  }
}

// The session sticks to the resource that serves it, not to one that was only tried.
void Exchange::remember_session() {
  if (facts_.session_id.empty() || attempt_->resource_id() == preferred_) return;
  dependencies_.state.remember_affinity({AffinityKind::session, facts_.session_id},
                                        attempt_->resource_id(), {});
}

// Before the client can see the end of the answer, so that a continuation finds its resource.
void Exchange::remember_answer() {
  const AnswerFacts& facts = attempt_->facts();
  const auto remember = [this](std::string_view id) {
    ++remembering_;
    dependencies_.state.remember_affinity({AffinityKind::response, id}, attempt_->resource_id(),
                                          [self = shared_from_this()] {
                                            --self->remembering_;
                                            self->progress_.fire();
                                          });
  };
  if (!facts.response_id.empty() && facts.response_id != response_id_) {
    response_id_ = facts.response_id;
    record_.response_id = mask_.apply(response_id_);
    remember(record_.response_id);
  }
  if (!facts.conversation_id.empty() && facts.conversation_id != conversation_id_) {
    conversation_id_ = facts.conversation_id;
    const std::string id = mask_.apply(conversation_id_);
    if (id != facts_.conversation_id) remember(id);
  }
}

}  // namespace responses_proxy
