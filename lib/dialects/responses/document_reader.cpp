#include "dialects/responses/document_reader.h"

#include "core/input_items.h"
#include "core/json_members.h"
#include "core/json_reader.h"
#include "dialects/responses/alias_in_answer.h"

namespace responses_proxy {

void DocumentReader::read(std::string_view upstream_bytes, AnswerSink& sink) {
  if (learn_ == Learn::nothing) return sink.bytes(upstream_bytes);
  if (text_.size() + upstream_bytes.size() > kReadable) {
    // Give up reading: forward what is held together with the new bytes.
    learn_ = Learn::nothing;
    text_.erase(0, forwarded_);
    text_.append(upstream_bytes);
    return sink.bytes(text_);
  }
  const std::size_t before = text_.size();
  text_.append(upstream_bytes);
  if (text_.size() <= kHeld || !alias_.empty()) return;
  const std::string_view out = std::string_view(text_).substr(forwarded_, before - forwarded_);
  forwarded_ = before;
  sink.bytes(out);
}

void DocumentReader::finish(AnswerSink& sink) {
  if (learn_ == Learn::nothing) return;
  if (learn_ == Learn::error) {
    read_json(text_, [this](simdjson::dom::element root) { learn_from_error(root, learnt_); });
  } else {
    learn_from_object(text_, learnt_);
  }
  if (keep_output_ > 0 && learn_ == Learn::object) take_output();
  if (!alias_.empty()) text_ = with_alias(text_, alias_);
  sink.bytes(std::string_view(text_).substr(forwarded_));
}

void DocumentReader::take_output() {
  const auto members = read_members(text_);
  const std::string_view output = members ? member(*members, "output") : std::string_view();
  output_whole_ = output.starts_with('[') && output.size() <= keep_output_;
  if (output_whole_) output_ = input_items(output);
}

}  // namespace responses_proxy
