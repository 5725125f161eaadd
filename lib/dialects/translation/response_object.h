// ResponseObject: the `response` of an answer, every documented member in it: what the request has
// said is echoed, what it has not said has its default, or is null. Of a standalone compaction: the
// few members of its own kind of document.
//
// Ownership  Owns its text; it outlives the request.
// Cost       The members that stay are written once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/translation/conversation.h"

namespace responses_proxy {

struct ResponseUsage {
  std::int64_t input = 0;
  std::int64_t cached = 0;       // part of input
  std::int64_t cache_write = 0;  // part of input
  std::int64_t output = 0;
  std::int64_t reasoning = 0;         // part of output
  std::optional<std::int64_t> total;  // none: the sum
  std::int64_t sum() const { return total.value_or(input + output); }
};
// {"input_tokens":...}: all of them, always.
std::string usage_json(const ResponseUsage& usage);
// What usage_json() has written; zeros of anything else.
ResponseUsage read_usage(std::string_view json);
// Of both calls together.
ResponseUsage sum_of(const ResponseUsage& one, const ResponseUsage& other);

// What a response says besides its output.
struct ResponseState {
  std::string_view status = "in_progress";
  std::string_view incomplete_reason;  // "" = null
  std::string_view error_code;         // with a message: an error
  std::string_view error_message;
  std::optional<std::int64_t> completed_at;
};

// The document of a response whose making has come to another state: with that status, error and
// reason, and nothing else changed.
std::string with_state(std::string_view document, const ResponseState& state);

class ResponseObject {
 public:
  // `model`: what the client calls it.
  ResponseObject(const Conversation& conversation, std::string_view id, std::string_view model,
                 std::int64_t created_at);

  // As it stands in one that was kept.
  explicit ResponseObject(std::string_view document);

  const std::string& id() const { return id_; }
  std::int64_t created_at() const { return created_at_; }
  // The same as an ordinary answer, where it is a compaction.
  ResponseObject of_an_answer() const;
  // `output`: the items, comma-separated; `usage`: "" = null.
  std::string json(const ResponseState& state, std::string_view output,
                   std::string_view usage) const;

 private:
  std::string id_;
  std::int64_t created_at_;
  bool background_ = false;
  bool compaction_ = false;
  std::string before_output_;  // members, comma-separated
  std::string after_output_;
  std::string at_the_end_;
};

}  // namespace responses_proxy
