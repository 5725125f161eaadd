// BodyDecoder: takes the content codings off a body, one behind the other, piece by piece.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/content_decoder.h"

namespace responses_proxy {

class BodyDecoder {
 public:
  static constexpr std::size_t kPieceBytes = 16 * 1024;
  static constexpr std::size_t kMaxCodings = 5;

  // `codings`: each of kContentCodings, in the order in which they were put on; at least one and at
  // most kMaxCodings.
  explicit BodyDecoder(const std::vector<std::string>& codings);

  // What the front of `in` decodes to, which is valid until the next call; "": `in` is used up.
  // Nothing: it is not what its codings say.
  std::optional<std::string_view> next(std::string_view& in);
  // What has come so far is whole, or nothing has.
  bool complete() const;

 private:
  using Piece = std::array<char, kPieceBytes>;
  struct Stage {
    std::unique_ptr<ContentDecoder> decoder;
    std::unique_ptr<Piece> out = std::make_unique<Piece>();
    std::string_view ready = {};  // of `out`, not taken by the next stage yet
  };

  std::optional<std::size_t> fill(std::size_t stage, std::string_view& in);

  std::vector<Stage> stages_;  // the coding put on last first
  bool begun_ = false;
};

}  // namespace responses_proxy
