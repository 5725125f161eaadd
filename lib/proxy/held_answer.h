// HeldAnswer: a part of an answer that waits, to be given out in the same pieces later.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/answer.h"

namespace responses_proxy {

class HeldAnswer final : public AnswerSink {
 public:
  void event(const AnswerEvent& event) override;
  void bytes(std::string_view bytes) override;

  bool empty() const { return pieces_.empty(); }
  std::size_t size() const { return size_; }  // in bytes, as they go to the client
  // In order; nothing is held afterwards. What was given stays where it is until the next call.
  void give_to(AnswerSink& sink);

 private:
  // What stands in text_ one behind the other; the JSON within `wire` where that holds it in one.
  struct Piece {
    bool event = false;
    AnswerState state = AnswerState::open;
    std::size_t type = 0;
    std::size_t wire = 0;
    std::size_t json = 0;
    std::size_t json_in_wire = std::string_view::npos;
    bool names_stream = false;
  };

  std::string text_;
  std::string given_;
  std::vector<Piece> pieces_;
  std::size_t size_ = 0;
};

}  // namespace responses_proxy
