#include "web_socket/handshake.h"

#include <doctest/doctest.h>

#include <set>

#include "core/base64.h"

namespace responses_proxy {

TEST_CASE("the answer to a key is RFC 6455's") {
  CHECK(socket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("keys are 16 bytes, and no two are alike") {
  CHECK(base64_decoded(new_socket_key())->size() == 16);
  CHECK(new_socket_key() != new_socket_key());
  std::set<MaskKey> keys;
  for (int i = 0; i < 1000; ++i) keys.insert(random_mask_key());
  CHECK(keys.size() > 990);
}

}  // namespace responses_proxy
