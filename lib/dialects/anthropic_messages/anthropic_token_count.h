// AnthropicTokenCount: the answer of the endpoint that counts tokens, as the Responses API gives
// it:
// {"object":"response.input_tokens","input_tokens":N}.
//
// Role       Servers of other makers that speak the Messages API may not have that endpoint: then
//            the client gets a 501 that says so, not a 404 about something it has not asked for.
// Limits     Of an answer kMaxBody bytes are read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialects/translation/answer_error.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

class AnthropicTokenCount final : public Translation {
 public:
  static constexpr std::size_t kMaxBody = 256 * 1024;

  explicit AnthropicTokenCount(std::string model) : model_(std::move(model)) {}

  AnswerHead head(int status, Headers from_upstream) override;
  void read(std::string_view bytes, AnswerSink& sink) override;
  void finish(AnswerSink& sink) override;
  const AnswerFacts& facts() const override { return facts_; }
  UpstreamFault fault(WallTime now) const override;
  int revised_status() const override { return error_ ? error_->status : 0; }
  std::size_t held_bytes() const override { return text_.size(); }

 private:
  AnswerError error_of_answer() const;

  const std::string model_;
  AnswerFacts facts_;
  int status_ = 0;
  Headers headers_;  // the upstream's
  std::string text_;
  std::optional<AnswerError> error_;
};

}  // namespace responses_proxy
