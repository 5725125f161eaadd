#include "core/percent_encoded.h"

#include <doctest/doctest.h>

#include "core/percent_decoded.h"

namespace responses_proxy {

TEST_CASE("what is percent-encoded reads back, and has no byte that means something in a URL") {
  CHECK(percent_encoded("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encoded("a b&c=d/%\xC3\xA9") == "a%20b%26c%3Dd%2F%25%C3%A9");
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(percent_decoded(percent_encoded(all)) == all);
  CHECK(percent_encoded(all).find_first_of("&=?#/ +\n") == std::string::npos);
}

}  // namespace responses_proxy
