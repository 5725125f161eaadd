// Reads a JSON answer (or anything that is no event stream) while it passes.
//
// The last bytes are held back until the whole answer has been read, so that what it teaches is
// stored before the client can act on it; a larger answer than kReadable passes unread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "responses_proxy/provider_adapter.h"

namespace responses_proxy {

class JsonAnswerReader final : public AnswerReader {
 public:
  static constexpr std::size_t kReadable = 16 * 1024 * 1024;
  // Up to this size an answer is forwarded in one piece.
  static constexpr std::size_t kHeld = 64 * 1024;

  enum class Learn : std::uint8_t { nothing, object, error };
  explicit JsonAnswerReader(Learn learn) : learn_(learn) {}

  std::string_view read(std::string_view upstream_bytes) override;
  bool event_stream() const override { return false; }
  std::string_view finish() override;
  std::optional<std::string> failure(std::string_view) const override { return std::nullopt; }
  const AnswerFacts& facts() const override { return facts_; }

 private:
  Learn learn_;
  std::string text_;           // the answer so far
  std::size_t forwarded_ = 0;  // of text_
  AnswerFacts facts_;
};

}  // namespace responses_proxy
