// CacheMarks: where a provider may cut a request for its prompt cache (cache_control).
// https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching
//
//   the client's own       `cache_control` of a part or tool as it was sent; a
//                          `prompt_cache_breakpoint` as one; then there are no others
//   `prompt_cache_key`     one mark at the top: the provider finds the places. Where it cannot: on
//                          the last tool, the last block of the system and of the user
//
// Limits     kMost in one request: what the API takes.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/json_text.h"
#include "dialects/anthropic_messages/anthropic_settings.h"
#include "dialects/translation/conversation.h"

namespace responses_proxy {

class CacheMarks {
 public:
  static constexpr std::size_t kMost = 4;

  CacheMarks(const Conversation& conversation, const AnthropicSettings& settings);

  // One at the top of the request.
  bool at_the_top() const { return wanted_ && automatic_; }
  // On the last blocks.
  bool on_blocks() const { return wanted_ && !automatic_; }
  // The client's own on what was sent as `json`, into a block that is being written.
  void put_own(JsonText& out, const std::optional<simdjson::dom::element>& json);
  // The member `cache_control`, into an object that is being written.
  void put(JsonText& out) const { out.put_raw("cache_control", mark_); }
  // The same, into one that ends before `end` in `text`.
  void insert(std::string& text, std::size_t end) const;

 private:
  const bool automatic_;
  std::string mark_;
  bool wanted_ = false;  // by the client, who has none of its own
  std::size_t own_ = 0;  // written so far
};

}  // namespace responses_proxy
