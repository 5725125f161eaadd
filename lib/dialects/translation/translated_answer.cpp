#include "dialects/translation/translated_answer.h"

#include <algorithm>
#include <utility>

#include "core/utf8_text.h"
#include "dialects/headers.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kBlank = " \t\r\n\xEF\xBB\xBF";  // and a byte order mark
// An overloaded provider rarely says for how long; a client that is told nothing is back at once.
constexpr int kOverloaded = 529;
constexpr std::string_view kOverloadedSeconds = "5";

// They describe a body that the client does not get.
void drop_body_fields(Headers& headers) {
  for (const std::string_view name :
       {"content-type", "content-encoding", "content-length", "content-md5", "etag", "digest",
        "content-digest", "cache-control", "last-modified", "accept-ranges"}) {
    headers.erase(name);
  }
}

std::string_view request_id_of(const Headers& headers) {
  const std::string_view id = headers.get("x-request-id");
  return id.empty() ? headers.get("request-id") : id;
}

}  // namespace

TranslatedAnswer::TranslatedAnswer(std::unique_ptr<AnswerDecoder> decoder, ResponseEvents events,
                                   std::string model, bool streams, Headers added)
    : decoder_(std::move(decoder)),
      events_(std::move(events)),
      model_(std::move(model)),
      streams_(streams),
      added_(std::move(added)) {}

AnswerHead TranslatedAnswer::head(int status, Headers from_upstream) {
  status_ = status;
  headers_ = std::move(from_upstream);
  if (is_error()) {
    shape_ = Shape::error;
    events_.facts().complete = true;
  } else if (is_event_stream(headers_)) {
    shape_ = Shape::stream;
  }
  events_.facts().upstream_request_id = request_id_of(headers_);
  AnswerHead head;
  head.event_stream = streams_ && !is_error();
  head.response.status = status;
  head.response.headers = forwarded_response_headers(headers_);
  drop_body_fields(head.response.headers);
  head.response.headers.add("content-type",
                            head.event_stream ? std::string(kEventStream) : "application/json");
  if (head.event_stream) head.response.headers.add("cache-control", "no-cache");
  if (status == kOverloaded && !headers_.find("retry-after")) {
    head.response.headers.add("retry-after", std::string(kOverloadedSeconds));
  }
  for (const Header& field : added_) head.response.headers.add(field.name, field.value);
  return head;
}

void TranslatedAnswer::read(std::string_view bytes, AnswerSink& sink) {
  events_.give_to(sink);
  if (shape_ == Shape::unknown) look_at_shape(bytes);
  if (shape_ == Shape::stream) {
    read_stream(bytes);
    if (events_.ended()) give_document(sink);
  } else {
    append(bytes, shape_ == Shape::error ? kMaxErrorBody : kMaxDocument);
  }
}

// Not every gateway says what it sends.
void TranslatedAnswer::look_at_shape(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return;
  const bool json = bytes[first] == '{' || bytes[first] == '[' || bytes[first] == '<';
  shape_ = json ? Shape::document : Shape::stream;
}

void TranslatedAnswer::read_stream(std::string_view bytes) {
  if (events_.too_large()) return;
  framer_.feed(bytes, [this](const SseEvent& event) {
    if (!event.data.empty() && !events_.ended()) decoder_->event(event, events_);
  });
  if (framer_.overflowed()) events_.facts().event_too_large = true;
}

// Of an error the beginning says enough; a document has to be whole.
void TranslatedAnswer::append(std::string_view bytes, std::size_t most) {
  const std::size_t room = most - std::min(most, text_.size());
  if (bytes.size() > room && shape_ != Shape::error) events_.facts().event_too_large = true;
  text_.append(bytes.substr(0, room));
}

void TranslatedAnswer::finish(AnswerSink& sink) {
  events_.give_to(sink);
  drop_byte_order_mark(text_);
  if (shape_ == Shape::error) {
    error_ = decoder_->error(status_, text_);
    events_.facts().error_code = error_->words.code;
    return sink.bytes(error_json(*error_));
  }
  if (shape_ == Shape::stream) {
    read_stream("\n\n");  // the last event may lack its end
    if (!events_.ended() && !events_.too_large()) decoder_->end(events_);
  } else {
    decoder_->document(text_, events_);
    if (!events_.ended()) events_.fail(unreadable_answer("it is not complete"));
  }
  give_document(sink);
}

void TranslatedAnswer::give_document(AnswerSink& sink) {
  if (streams_ || !events_.ended() || std::exchange(document_given_, true)) return;
  events_.error() ? sink.bytes(error_json(*events_.error())) : sink.bytes(events_.document());
}

UpstreamFault TranslatedAnswer::fault(WallTime now) const {
  if (status_ == 0) return {};
  if (is_error()) {
    // Its body may not have come yet, or not to its end.
    return fault_of(error_ ? *error_ : decoder_->error(status_, text_), model_, headers_, now);
  }
  if (!events_.error()) return fault_of({status_, {}}, model_, headers_, now);
  UpstreamFault fault = fault_of(*events_.error(), model_, headers_, now);
  fault.in_band = true;
  return fault;
}

int TranslatedAnswer::revised_status() const {
  if (error_) return error_->status;
  return !streams_ && events_.error() ? events_.error()->status : 0;
}

bool TranslatedAnswer::interrupt(PartialItems partial, AnswerSink& sink) {
  if (!streams_ || is_error()) return false;
  events_.give_to(sink);
  events_.interrupt(partial);
  return true;
}

std::size_t TranslatedAnswer::held_bytes() const {
  return events_.held_bytes() + framer_.rest().size() + text_.size();
}

bool TranslatedAnswer::failure(std::string_view message, AnswerSink& sink) const {
  if (!streams_ || is_error()) return false;
  events_.fail_now(message, sink);
  return true;
}

}  // namespace responses_proxy
