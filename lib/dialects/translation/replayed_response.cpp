#include "dialects/translation/replayed_response.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/json_reader.h"
#include "core/json_text.h"
#include "dialects/translation/event_marks.h"
#include "dialects/translation/replayed_items.h"
#include "dialects/translation/response_events.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

// Says when the response was completed.
class CompletedAt final : public Clock {
 public:
  explicit CompletedAt(element document) {
    std::int64_t seconds = 0;
    if (document["completed_at"].get(seconds) == simdjson::SUCCESS) seconds_ = seconds;
  }
  bool known() const { return seconds_ != 0; }
  SteadyTime steady() const override { return {}; }
  WallTime wall() const override { return WallTime(std::chrono::seconds(seconds_)); }

 private:
  std::int64_t seconds_ = 0;
};

std::int64_t number_at(element object, std::string_view key) {
  std::int64_t number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : 0;
}

ResponseUsage usage_of(element document) {
  ResponseUsage usage;
  element given;
  element details;
  if (document["usage"].get(given) != simdjson::SUCCESS) return usage;
  usage.input = number_at(given, "input_tokens");
  usage.output = number_at(given, "output_tokens");
  usage.total = number_at(given, "total_tokens");
  if (given["input_tokens_details"].get(details) == simdjson::SUCCESS) {
    usage.cached = number_at(details, "cached_tokens");
    usage.cache_write = number_at(details, "cache_write_tokens");
  }
  if (given["output_tokens_details"].get(details) == simdjson::SUCCESS) {
    usage.reasoning = number_at(details, "reasoning_tokens");
  }
  return usage;
}

// Leaves out what the client has had.
class LaterEvents final : public AnswerSink {
 public:
  explicit LaterEvents(std::int64_t after) : after_(after) {}

  void to(AnswerSink& sink) { sink_ = &sink; }
  void event(const AnswerEvent& event) override {
    if (number_++ > after_) sink_->event(event);
  }
  void bytes(std::string_view) override {}

 private:
  const std::int64_t after_;
  std::int64_t number_ = 0;
  AnswerSink* sink_ = nullptr;
};

}  // namespace

class ReplayedResponse::Script {
 public:
  Script(std::string_view document, std::string_view marks, std::int64_t starting_after)
      : later_(starting_after), starting_after_(starting_after), document_(document) {
    if (!parsed_.read(document) || !parsed_.root().is_object()) return;
    const element root = parsed_.root();
    status_ = string_at(root, "status");
    clock_.emplace(root);
    ResponseEvents::Options options;
    options.clock = clock_->known() ? &*clock_ : nullptr;
    ToolNames names;
    items_ = read_replayed_items(root, names);
    marks_ = marks.empty() ? marks_of_whole_items(items_) : std::string(marks);
    reader_.emplace(marks_);
    out_.emplace(ResponseObject(document), std::move(names), options);
    out_->give_to(later_);
  }

  bool step(AnswerSink& sink) {
    if (!out_) return false;
    later_.to(sink);
    if (!std::exchange(begun_, true)) {
      out_->begin();
      return true;
    }
    if (status_ != "completed" && status_ != "incomplete") return end_failed(sink);
    const auto mark = reader_->next();
    if (mark && mark->item < items_.size() && replay(*mark)) return true;
    return end();
  }

 private:
  using Kind = EventMark::Kind;

  // false: the rest is closed by the end of the response itself.
  bool replay(const EventMark& mark) {
    ReplayedItem& item = items_[mark.item];
    switch (item.kind) {
      case ReplayedItem::Kind::call:
        return replay_call(mark, item);
      case ReplayedItem::Kind::message:
        if (mark.kind == Kind::delta) give_piece(item, mark.bytes);
        if (mark.kind == Kind::done && item.incomplete) return false;
        if (mark.kind == Kind::done) out_->end_message();
        return true;
      case ReplayedItem::Kind::reasoning:
        if (mark.kind == Kind::delta) give_piece(item, mark.bytes);
        if (mark.kind == Kind::done) out_->end_reasoning(item.encrypted_content);
        return true;
      case ReplayedItem::Kind::compaction:
        if (mark.kind == Kind::done) out_->compaction(item.encrypted_content);
        return true;
      case ReplayedItem::Kind::other:
        break;
    }
    return true;
  }

  // What a custom tool gets is one text in the arguments of a function.
  bool replay_call(const EventMark& mark, ReplayedItem& item) {
    const bool custom = item.tool == ToolKind::custom;
    switch (mark.kind) {
      case Kind::added:
        item.call = out_->begin_call(item.wire_name, item.call_id);
        if (custom) out_->arguments(item.call, R"({"input":")");
        return true;
      case Kind::delta: {
        const std::string_view next = next_of(item.arguments, item.given, mark.bytes);
        std::string escaped;
        if (custom) append_escaped(escaped, next);
        out_->arguments(item.call, custom ? std::string_view(escaped) : next);
        return true;
      }
      case Kind::done:
        if (custom) out_->arguments(item.call, R"("})");
        // The others are told as a whole.
        if (!custom)
          out_->arguments(item.call, std::string_view(item.arguments).substr(item.given));
        if (item.incomplete) return false;
        out_->end_call(item.call);
    }
    return true;
  }

  void give_piece(ReplayedItem& item, std::size_t bytes) {
    while (item.piece < item.pieces.size() && item.given >= item.pieces[item.piece].text.size()) {
      ++item.piece;
      item.given = 0;
    }
    if (item.piece >= item.pieces.size()) return;
    const ReplayedItem::Piece& piece = item.pieces[item.piece];
    const std::string_view text = next_of(piece.text, item.given, bytes);
    if (item.kind == ReplayedItem::Kind::reasoning) {
      out_->reasoning(text);
    } else {
      piece.refusal ? out_->refusal(text) : out_->text(text);
    }
  }

  static std::string_view next_of(std::string_view text, std::size_t& given, std::size_t bytes) {
    const std::string_view next = text.substr(std::min(given, text.size()), bytes);
    given += next.size();
    return next;
  }

  bool end() {
    element details;
    element usage;
    const element root = parsed_.root();
    if (root["usage"].get(usage) == simdjson::SUCCESS && usage.is_object()) {
      out_->set_usage(usage_of(root));
    }
    if (status_ == "completed") {
      out_->complete();
    } else {
      const bool said = root["incomplete_details"].get(details) == simdjson::SUCCESS;
      out_->incomplete(said ? string_at(details, "reason") : std::string_view());
    }
    return false;
  }

  // Whatever number the client has seen last: the end comes after it.
  bool end_failed(AnswerSink& sink) {
    constexpr std::int64_t kBehindTheBeginning = 2;
    JsonText json;
    json.begin_object().put("type", "response.failed");
    json.put_number("sequence_number", std::max(kBehindTheBeginning, starting_after_ + 1));
    json.put_raw("response", document_).end_object();
    sink.event({"response.failed", json.str(), {}, AnswerState::failed});
    return false;
  }

  LaterEvents later_;
  const std::int64_t starting_after_;
  const std::string document_;
  JsonDocument parsed_;
  std::string status_;
  std::optional<CompletedAt> clock_;
  std::vector<ReplayedItem> items_;
  std::string marks_;
  std::optional<EventMarksReader> reader_;
  std::optional<ResponseEvents> out_;
  bool begun_ = false;
};

ReplayedResponse::ReplayedResponse(std::string_view document, std::string_view marks,
                                   std::int64_t starting_after)
    : script_(std::make_unique<Script>(document, marks, starting_after)) {}
ReplayedResponse::~ReplayedResponse() = default;

bool ReplayedResponse::step(AnswerSink& sink) {
  return script_->step(sink);
}

}  // namespace responses_proxy
