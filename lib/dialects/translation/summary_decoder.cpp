#include "dialects/translation/summary_decoder.h"

#include <string>
#include <utility>

#include "core/json_reader.h"
#include "dialects/translation/compaction.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

struct Told {
  std::string text;  // of all messages
  bool declined = false;
};

void add_part(element part, Told& told) {
  if (string_at(part, "type") == "refusal") told.declined = true;
  const std::string_view text = string_at(part, "text");
  if (!told.text.empty() && !text.empty()) told.text += "\n\n";
  told.text.append(text);
}

Told told_in(std::string_view response) {
  Told told;
  read_json(response, [&](element root) {
    element details;
    simdjson::dom::array output;
    if (root["incomplete_details"].get(details) == simdjson::SUCCESS && details.is_object()) {
      told.declined = string_at(details, "reason") == "content_filter";
    }
    if (root["output"].get(output) != simdjson::SUCCESS) return;
    for (const element item : output) {
      simdjson::dom::array parts;
      if (item["content"].get(parts) != simdjson::SUCCESS) continue;
      for (const element part : parts) add_part(part, told);
    }
  });
  return told;
}

AnswerError declined() {
  AnswerError error;
  error.status = 400;  // it would be declined again
  error.words.type = "invalid_request_error";
  error.words.code = "invalid_prompt";
  error.words.message = "The model has declined to summarise the conversation.";
  return error;
}

}  // namespace

SummaryDecoder::SummaryDecoder(std::unique_ptr<AnswerDecoder> decoder, ResponseEvents unseen,
                               bool whole, const TextSeal* seal)
    : decoder_(std::move(decoder)), unseen_(std::move(unseen)), whole_(whole), seal_(seal) {}

void SummaryDecoder::document(std::string_view json, ResponseEvents& out) {
  decoder_->document(json, unseen_);
  pass_on(out);
}

void SummaryDecoder::event(const SseEvent& event, ResponseEvents& out) {
  decoder_->event(event, unseen_);
  pass_on(out);
}

void SummaryDecoder::end(ResponseEvents& out) {
  decoder_->end(unseen_);
  pass_on(out);
}

AnswerError SummaryDecoder::error(int status, std::string_view body) const {
  return decoder_->error(status, body);
}

void SummaryDecoder::pass_on(ResponseEvents& out) {
  if (!unseen_.facts().response_id.empty()) out.begin();
  if (unseen_.usage()) out.set_usage(*unseen_.usage());
  if (unseen_.too_large()) out.facts().event_too_large = true;
  if (!unseen_.ended()) return;
  if (unseen_.error()) return out.fail(*unseen_.error());
  give_summary(out);
}

void SummaryDecoder::give_summary(ResponseEvents& out) {
  const Told told = told_in(unseen_.document());
  if (told.declined) {
    out.fail(declined());
    // In the provider's words, for the record.
    const std::string& category = unseen_.facts().error_code;
    if (!category.empty()) out.facts().error_code = category;
    return;
  }
  if (told.text.empty()) return out.fail(unreadable_answer("it has no summary in it"));
  const auto content = sealed_summary({told.text, whole_}, seal_);
  if (!content) return out.fail(unreadable_answer("its summary could not be encrypted"));
  out.compaction(*content);
  out.complete();
}

}  // namespace responses_proxy
