// A request, read.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string_view>

#include "dialects/translation/read_conversation.h"

namespace responses_proxy::testing {

inline std::unique_ptr<ParsedRequest> parsed(
    std::string_view body, std::optional<std::string_view> history = std::nullopt) {
  auto request = read_conversation({.body = body, .history = history});
  REQUIRE_MESSAGE(request, body);
  return std::move(*request);
}

inline Error refused(std::string_view body,
                     std::optional<std::string_view> history = std::nullopt) {
  auto request = read_conversation({.body = body, .history = history});
  REQUIRE_FALSE(request);
  return request.error();
}

}  // namespace responses_proxy::testing
