#include "core/base64.h"

#include <doctest/doctest.h>

namespace responses_proxy {

TEST_CASE("base64 is that of RFC 4648") {
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xFB\xFF") == "+/8=");
  CHECK(base64url("\xFB\xFF") == "-_8");
}

TEST_CASE("base64 is read in either alphabet, padded or not") {
  for (const char* text : {"+/8=", "-_8=", "+/8", "-_8"}) CHECK(base64_decoded(text) == "\xFB\xFF");
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes += static_cast<char>(byte);
    CHECK(base64_decoded(base64(bytes)) == bytes);
    CHECK(base64_decoded(base64url(bytes)) == bytes);
  }
}

TEST_CASE("what is no base64 is refused") {
  for (const char* text : {"Zg=", "Zg===", "Z", "Zm8==", "Zm9v=", "Zg==Zg==", " Zm9v", "Zm9v\n",
                           "Zm 9", "Zm!v", "=", "Zm8\xC3"}) {
    CHECK_MESSAGE(!base64_decoded(text), text);
  }
}

}  // namespace responses_proxy
