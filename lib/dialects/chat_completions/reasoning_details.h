// ReasoningDetails: the `reasoning_details` of an answer, put together from the pieces of a stream,
// as they have to be sent back.
// https://openrouter.ai/docs/use-cases/reasoning-tokens
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace responses_proxy {

class ReasoningDetails {
 public:
  // The array of one piece. Of elements of the same type and index the texts are joined, and of
  // their other members the last one counts.
  void add(simdjson::dom::array pieces);
  bool empty() const { return details_.empty(); }
  // An array of JSON; it is empty again afterwards.
  std::string take();
  // The readable text of a piece.
  static std::string text_of(simdjson::dom::array pieces);

 private:
  struct Detail {
    std::string type;
    std::string index;  // as JSON
    // By name, in order: JSON, or the text itself where pieces of it are joined.
    std::vector<std::pair<std::string, std::string>> members;
    std::vector<std::pair<std::string, std::string>> texts;
  };

  Detail& detail(simdjson::dom::element piece);

  std::vector<Detail> details_;
};

}  // namespace responses_proxy
