#include "proxy/held_answer.h"

#include <utility>

#include "core/part_of_text.h"

namespace responses_proxy {

void HeldAnswer::event(const AnswerEvent& event) {
  Piece piece{true, event.state, event.type.size(), event.wire.size(), event.json.size()};
  piece.names_stream = event.names_stream;
  piece.json_in_wire = position_in(event.wire, event.json);
  text_.append(event.type).append(event.wire);
  if (piece.json_in_wire == std::string_view::npos) text_.append(event.json);
  size_ += event.wire.empty() ? event.json.size() : event.wire.size();
  pieces_.push_back(piece);
}

void HeldAnswer::bytes(std::string_view bytes) {
  if (bytes.empty()) return;
  text_.append(bytes);
  size_ += bytes.size();
  pieces_.push_back({false, AnswerState::open, 0, bytes.size()});
}

void HeldAnswer::give_to(AnswerSink& sink) {
  given_ = std::exchange(text_, {});
  size_ = 0;
  std::string_view rest = given_;
  const auto take = [&rest](std::size_t size) {
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
  };
  for (const Piece& piece : std::exchange(pieces_, {})) {
    const std::string_view type = take(piece.type);
    const std::string_view wire = take(piece.wire);
    if (!piece.event) {
      sink.bytes(wire);
      continue;
    }
    const bool apart = piece.json_in_wire == std::string_view::npos;
    const std::string_view json =
        apart ? take(piece.json) : wire.substr(piece.json_in_wire, piece.json);
    sink.event({type, json, wire, piece.state, piece.names_stream});
  }
}

}  // namespace responses_proxy
