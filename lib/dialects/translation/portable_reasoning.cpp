#include "dialects/translation/portable_reasoning.h"

#include <fmt/format.h>

#include "core/sha256.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kMark = "rp1:";
constexpr std::size_t kDigits = 8;

// Scheme, host and port of a URL.
std::string_view authority(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t from = scheme == std::string_view::npos ? 0 : scheme + 3;
  return url.substr(0, url.find('/', from));
}

}  // namespace

std::string reasoning_origin(const Resource& resource) {
  return sha256_hex(fmt::format("{} {}", resource.wire_api, authority(resource.base_url)))
      .substr(0, kDigits);
}

std::string marked_reasoning(std::string_view origin, std::string_view content) {
  return fmt::format("{}{}:{}", kMark, origin, content);
}

std::optional<std::string_view> reasoning_made_at(std::string_view origin,
                                                  std::string_view encrypted_content) {
  std::string_view rest = encrypted_content;
  for (const std::string_view part : {kMark, origin, std::string_view(":")}) {
    if (!rest.starts_with(part)) return std::nullopt;
    rest.remove_prefix(part.size());
  }
  return rest;
}

ForeignReasoning foreign_reasoning(std::string_view setting, ForeignReasoning asked) {
  if (setting == "text") return ForeignReasoning::text;
  return setting == "drop" ? ForeignReasoning::drop : asked;
}

void tell_foreign_reasoning(Conversation& conversation,
                            const std::function<bool(const Reasoning&)>& is_foreign) {
  for (Item& item : conversation.items) {
    const auto* reasoning = std::get_if<Reasoning>(&item);
    if (reasoning == nullptr || reasoning->text.empty() || !is_foreign(*reasoning)) continue;
    item = message_of(Role::assistant, fmt::format("<thinking>\n{}\n</thinking>", reasoning->text));
  }
}

}  // namespace responses_proxy
