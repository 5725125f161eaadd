// TranslatedAnswer: the Translation of a dialect that is not the Responses API. What is the same in
// all of them stands here: the head, bytes to events, errors, the end; a decoder knows the words.
//
// Role       What the client asked for decides what it gets (events or one document), what the
//            upstream sends decides how it is read: an event stream, or JSON. One may be the other.
// Limits     A document of kMaxDocument bytes, an event of kMaxEventBytes, an error of
//            kMaxErrorBody.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/sse_framer.h"
#include "dialects/translation/answer_error.h"
#include "dialects/translation/response_events.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

// Reads one answer of a wire format. What is given to it is valid during the call.
class AnswerDecoder {
 public:
  virtual ~AnswerDecoder() = default;
  // A whole JSON answer.
  virtual void document(std::string_view json, ResponseEvents& out) = 0;
  // One event of a stream that has data.
  virtual void event(const SseEvent& event, ResponseEvents& out) = 0;
  // The stream has ended well, maybe without saying so.
  virtual void end(ResponseEvents& out) = 0;
  // Of an answer with that status.
  virtual AnswerError error(int status, std::string_view body) const = 0;
};

class TranslatedAnswer final : public Translation {
 public:
  static constexpr std::size_t kMaxDocument = kMaxEventBytes;
  static constexpr std::size_t kMaxErrorBody = 256 * 1024;

  // `model`: as the upstream knows it; `events`: whether the client asked for a stream.
  TranslatedAnswer(std::unique_ptr<AnswerDecoder> decoder, ResponseEvents events, std::string model,
                   bool streams, Headers added);

  AnswerHead head(int status, Headers from_upstream) override;
  void read(std::string_view bytes, AnswerSink& sink) override;
  void finish(AnswerSink& sink) override;
  const AnswerFacts& facts() const override { return events_.facts(); }
  UpstreamFault fault(WallTime now) const override;
  int revised_status() const override;
  bool interrupt(PartialItems partial, AnswerSink& sink) override;
  StoredResponse stored() const override { return events_.stored(); }
  std::size_t held_bytes() const override;
  bool failure(std::string_view message, AnswerSink& sink) const override;

 private:
  enum class Shape : std::uint8_t { unknown, stream, document, error };

  void look_at_shape(std::string_view bytes);
  void read_stream(std::string_view bytes);
  void append(std::string_view bytes, std::size_t most);
  void give_document(AnswerSink& sink);
  bool is_error() const { return status_ >= 300; }

  const std::unique_ptr<AnswerDecoder> decoder_;
  ResponseEvents events_;
  const std::string model_;
  const bool streams_;
  const Headers added_;
  int status_ = 0;
  Headers headers_;  // the upstream's
  Shape shape_ = Shape::unknown;
  SseFramer framer_{kMaxEventBytes};
  std::string text_;  // of a document or an error, so far
  std::optional<AnswerError> error_;
  bool document_given_ = false;
};

}  // namespace responses_proxy
