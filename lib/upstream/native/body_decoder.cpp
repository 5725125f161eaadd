#include "upstream/native/body_decoder.h"

#include <algorithm>

namespace responses_proxy {

BodyDecoder::BodyDecoder(const std::vector<std::string>& codings) {
  for (auto coding = codings.rbegin(); coding != codings.rend(); ++coding) {
    stages_.push_back({make_content_decoder(*coding)});
  }
}

std::optional<std::string_view> BodyDecoder::next(std::string_view& in) {
  begun_ = begun_ || !in.empty();
  const auto made = fill(stages_.size() - 1, in);
  if (!made) return std::nullopt;
  return std::string_view(stages_.back().out->data(), *made);
}

// Lets a stage fill its piece, and those in front of it as long as it needs more.
std::optional<std::size_t> BodyDecoder::fill(std::size_t stage, std::string_view& in) {
  Stage& own = stages_[stage];
  if (stage == 0) return own.decoder->decode(in, *own.out);
  Stage& before = stages_[stage - 1];
  for (;;) {
    const auto made = own.decoder->decode(before.ready, *own.out);
    if (!made || *made > 0) return made;
    const auto more = fill(stage - 1, in);
    if (!more || *more == 0) return more;
    before.ready = {before.out->data(), *more};
  }
}

bool BodyDecoder::complete() const {
  return !begun_ || std::all_of(stages_.begin(), stages_.end(),
                                [](const Stage& stage) { return stage.decoder->complete(); });
}

}  // namespace responses_proxy
