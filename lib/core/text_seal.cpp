#include "responses_proxy/text_seal.h"

#include <stdexcept>
#include <utility>

#include "core/secret_box.h"

namespace responses_proxy {

namespace {

// What is sealed for another purpose does not open here.
constexpr std::string_view kRecord = "conversation";

class BoxSeal final : public TextSeal {
 public:
  explicit BoxSeal(SecretBox box) : box_(std::move(box)) {}

  std::optional<std::string> seal(std::string_view text) const override {
    try {
      return box_.seal(Secret(std::string(text)), kRecord);
    } catch (const std::runtime_error&) {
      return std::nullopt;
    }
  }
  std::optional<std::string> open(std::string_view sealed) const override {
    const SecretBox::Opened opened = box_.open(sealed, kRecord);
    return opened.problem.empty() ? std::optional(opened.secret.reveal()) : std::nullopt;
  }

 private:
  const SecretBox box_;
};

}  // namespace

std::unique_ptr<TextSeal> make_text_seal(const std::vector<Secret>& keys) {
  SecretBox box(keys);
  return box.has_key() ? std::make_unique<BoxSeal>(std::move(box)) : nullptr;
}

}  // namespace responses_proxy
