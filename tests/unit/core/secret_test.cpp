#include "responses_proxy/secret.h"

#include <doctest/doctest.h>

#include <concepts>
#include <ostream>

namespace responses_proxy {

namespace {
template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
}  // namespace

TEST_CASE("a secret shows its last four characters at most, and nothing of a short one") {
  CHECK(Secret().masked().empty());
  CHECK(Secret("a").masked() == "...");
  CHECK(Secret("12345678901").masked() == "...");
  CHECK(Secret("sk-456789012").masked() == "...9012");
  CHECK(Secret(std::string(200, 'k') + "c3d4").masked() == "...c3d4");
}

TEST_CASE("a secret cannot be printed by accident") {
  static_assert(!Printable<Secret>);
  static_assert(!std::convertible_to<Secret, std::string>);
  static_assert(!std::convertible_to<std::string, Secret>);
  CHECK(Secret("sk-own").reveal() == "sk-own");
}

TEST_CASE("a secret equals its own text only") {
  const Secret secret("sk-abc");
  CHECK(secret.equals("sk-abc"));
  for (const std::string_view other :
       {"", "sk-ab", "sk-abcd", "sk-abd", "xk-abc", "SK-ABC", "sk-abcsk-abc"}) {
    CAPTURE(other);
    CHECK_FALSE(secret.equals(other));
  }
  CHECK_FALSE(secret.equals(std::string_view("sk-abc\0", 7)));
  CHECK(Secret().equals(""));
  CHECK_FALSE(Secret().equals(std::string_view("\0", 1)));
  CHECK(secret == Secret("sk-abc"));
  CHECK_FALSE(secret == Secret("sk-abd"));
}

}  // namespace responses_proxy
