#include "dialects/responses/event_head.h"

#include <array>

#include "core/json_fields.h"
#include "core/json_members.h"

namespace responses_proxy {

namespace {

using Kind = JsonField::Kind;
using Take = JsonField::Take;

JsonField place(std::string_view key) {
  return {.key = key, .take = Take::place};
}

// The ids of a response's output items.
class OutputIds final : public JsonElements {
 public:
  explicit OutputIds(const JsonField& id) : id_(id) {}
  void restart() override { ids.clear(); }
  void take() override {
    if (id_.kind == Kind::text && ids.size() < kMaxItemIds)
      ids.push_back(string_content(id_.place));
  }
  std::vector<std::string> ids;

 private:
  const JsonField& id_;
};

// All that is looked for. They are kept from one event to the next, with the memory of their texts.
struct EventFields {
  std::array<JsonField, 1> error{{{"code"}}};
  std::array<JsonField, 1> response_error{{{"code"}}};
  std::array<JsonField, 1> incomplete{{{"reason"}}};
  std::array<JsonField, 1> conversation{place("id")};
  std::array<JsonField, 1> output_item{place("id")};
  OutputIds output_ids{output_item[0]};
  std::array<JsonField, 1> item{place("id")};
  std::array<JsonField, 9> response{{place("id"),
                                     place("model"),
                                     {"error", response_error},
                                     {"incomplete_details", incomplete},
                                     {"conversation", conversation},
                                     {"output", output_item, &output_ids, Take::both},
                                     place("usage"),
                                     {"store"},
                                     {"background"}}};
  std::array<JsonField, 9> event{{{"type"},
                                  place("delta"),
                                  {"sequence_number"},
                                  {"item", item, nullptr, Take::both},
                                  {"response", response},
                                  place("stream_id"),
                                  {"code"},
                                  {"error", error},
                                  place("usage")}};

  const JsonField& type() const { return event[0]; }
  const JsonField& delta() const { return event[1]; }
  const JsonField& number() const { return event[2]; }
  bool has_item() const { return event[3].kind == Kind::object; }
  bool has_response() const { return event[4].kind == Kind::object; }
  const JsonField& stream_id() const { return event[5]; }
  const JsonField& code() const { return event[6]; }
  bool has_error() const { return event[7].kind == Kind::object; }
  const JsonField& usage() const { return event[8]; }
};

// "" if there was none in this event: what it stands in has not been read.
std::string_view place_of(bool read, const JsonField& field) {
  return read ? field.place : std::string_view();
}

std::optional<bool> flag_of(const JsonField& field) {
  return field.kind == Kind::boolean ? std::optional(field.flag) : std::nullopt;
}

void read_response(const EventFields& fields, EventHead& head) {
  const auto& response = fields.response;
  EventParts& parts = head.parts;
  const auto has = [&response](std::size_t at) { return response[at].kind == Kind::object; };
  parts.response_id = response[0].place;
  parts.model = response[1].place;
  if (head.error_code.empty() && has(2)) head.error_code = fields.response_error[0].text;
  if (has(3)) head.incomplete_reason = fields.incomplete[0].text;
  parts.conversation_id = place_of(has(4), fields.conversation[0]);
  parts.output = response[5].place;
  if (!parts.output.empty()) parts.output_ids = fields.output_ids.ids;
  if (parts.usage.empty() && has(6)) parts.usage = response[6].place;
  parts.stored = flag_of(response[7]);
  parts.background = flag_of(response[8]);
}

}  // namespace

std::optional<EventHead> read_event_head(std::string_view json) {
  static thread_local EventFields fields;  // not shared state: one per thread
  if (read_json_fields(json, fields.event) != JsonOutcome::read) return std::nullopt;

  EventHead head;
  head.type = fields.type().text;
  if (fields.number().kind == Kind::integer) head.sequence_number = fields.number().integer;
  if (fields.has_error()) head.error_code = fields.error[0].text;
  head.names_stream = !fields.stream_id().place.empty();
  EventParts& parts = head.parts;
  if (fields.delta().kind == Kind::text) parts.delta = fields.delta().place;
  parts.item = fields.event[3].place;
  parts.item_id = place_of(fields.has_item(), fields.item[0]);
  if (fields.usage().kind == Kind::object) parts.usage = fields.usage().place;
  if (fields.has_response()) read_response(fields, head);
  if (head.error_code.empty()) head.error_code = fields.code().text;
  return head;
}

}  // namespace responses_proxy
