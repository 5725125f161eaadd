#include "dialects/translation/replayed_items.h"

#include "core/json_reader.h"
#include "dialects/translation/client_tools.h"
#include "dialects/translation/event_marks.h"

namespace responses_proxy {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;

void read_pieces(element item, std::string_view key, std::vector<ReplayedItem::Piece>& pieces) {
  array parts;
  if (item[key].get(parts) != simdjson::SUCCESS) return;
  for (const element part : parts) {
    const bool refusal = string_at(part, "type") == "refusal";
    pieces.push_back({refusal, string_at(part, refusal ? "refusal" : "text")});
  }
}

std::string_view name_of_call(ToolKind kind, element call) {
  const std::string_view fixed = fixed_name(kind);
  return fixed.empty() ? string_at(call, "name") : fixed;
}

// Direct tools come first, as everywhere.
void add_called_tools(array output, ToolNames& names) {
  for (const bool in_namespace : {false, true}) {
    for (const element json : output) {
      const auto kind = kind_of_call(string_at(json, "type"));
      const std::string_view name_space = string_at(json, "namespace");
      if (!kind || name_space.empty() == in_namespace) continue;
      names.add(*kind, name_of_call(*kind, json), name_space);
    }
  }
}

void read_called(ToolKind kind, element json, const ToolNames& names, ReplayedItem& item) {
  item.kind = ReplayedItem::Kind::call;
  item.tool = kind;
  item.wire_name = names.wire_name(name_of_call(kind, json), string_at(json, "namespace"));
  item.arguments =
      kind == ToolKind::custom ? std::string(string_at(json, "input")) : arguments_of(kind, json);
  item.call_id = string_at(json, "call_id");
}

ReplayedItem read_replayed_item(element json, const ToolNames& names) {
  ReplayedItem item;
  const std::string_view type = string_at(json, "type");
  item.incomplete = string_at(json, "status") == "incomplete";
  if (type == "message") {
    item.kind = ReplayedItem::Kind::message;
    read_pieces(json, "content", item.pieces);
  } else if (type == "reasoning") {
    item.kind = ReplayedItem::Kind::reasoning;
    read_pieces(json, "summary", item.pieces);
    item.encrypted_content = string_at(json, "encrypted_content");
  } else if (type == "compaction") {
    item.kind = ReplayedItem::Kind::compaction;
    item.encrypted_content = string_at(json, "encrypted_content");
  } else if (const auto kind = kind_of_call(type)) {
    read_called(*kind, json, names, item);
  }
  return item;
}

}  // namespace

std::vector<ReplayedItem> read_replayed_items(element document, ToolNames& names) {
  std::vector<ReplayedItem> items;
  array output;
  if (document["output"].get(output) != simdjson::SUCCESS) return items;
  add_called_tools(output, names);
  for (const element json : output) items.push_back(read_replayed_item(json, names));
  return items;
}

std::string marks_of_whole_items(const std::vector<ReplayedItem>& items) {
  EventMarks marks;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ReplayedItem& item = items[i];
    marks.added(i);
    for (const ReplayedItem::Piece& piece : item.pieces) {
      if (!piece.text.empty()) marks.delta(i, piece.text.size());
    }
    const bool told = item.tool == ToolKind::function || item.tool == ToolKind::custom;
    if (told && !item.arguments.empty()) marks.delta(i, item.arguments.size());
    marks.done(i);
  }
  return marks.text();
}

}  // namespace responses_proxy
