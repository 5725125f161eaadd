// The output of a response that was kept, as what a model has said to make it: texts to be given in
// pieces, calls with the arguments they were made with.
//
// Ownership  Texts are views into the document that was read.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/translation/tool_names.h"

namespace responses_proxy {

struct ReplayedItem {
  enum class Kind : std::uint8_t { message, reasoning, call, compaction, other };
  // One text: what deltas are taken from.
  struct Piece {
    bool refusal = false;
    std::string_view text;
  };

  Kind kind = Kind::other;
  bool incomplete = false;
  std::vector<Piece> pieces;           // of a message its parts, of a thought its summary
  std::string_view encrypted_content;  // of a thought, or of a compaction
  // Of a call:
  ToolKind tool = ToolKind::function;
  std::string wire_name;
  std::string arguments;  // of a custom tool its input
  std::string_view call_id;

  // How far it has been given again.
  std::size_t piece = 0;  // at hand
  std::size_t given = 0;  // bytes of it, or of the arguments
  std::size_t call = 0;   // its number in the ResponseEvents
};

// `names` gets the tools that are called.
std::vector<ReplayedItem> read_replayed_items(simdjson::dom::element document, ToolNames& names);

// As if each text had come in one piece.
std::string marks_of_whole_items(const std::vector<ReplayedItem>& items);

}  // namespace responses_proxy
