#include "core/response_id.h"

#include <doctest/doctest.h>

#include "responses_proxy/random.h"

namespace responses_proxy {

TEST_CASE("a response id of our own is known again; others' are not taken for one") {
  SeededRandom random(1);
  const std::string id = new_response_id(random);
  CHECK(is_own_response_id(id));
  CHECK_FALSE(is_own_response_id(id + "0"));  // the provider's are longer
  CHECK_FALSE(is_own_response_id(id.substr(0, id.size() - 1)));
  CHECK_FALSE(is_own_response_id("resp-" + id.substr(5)));
  CHECK_FALSE(is_own_response_id("resp_0123456789ABCDEF0123456789abcdef"));
  CHECK_FALSE(is_own_response_id(""));
}

TEST_CASE("an item of our own leads back to its response") {
  SeededRandom random(1);
  const std::string id = new_response_id(random);
  CHECK(own_item_id("msg", id, 2) == "msg_" + id.substr(5) + "0002");
  CHECK(own_response_of(own_item_id("rs", id, 0)) == id);
  CHECK(own_response_of(own_item_id("fc", id, 0x12345)) == id);
  CHECK(own_response_of(id).empty());  // it is the response
  CHECK(own_response_of("msg_0123456789ABCDEF0123456789abcdef0000").empty());
  CHECK(own_response_of("msg_1").empty());
  CHECK(own_response_of("msg").empty());
}

}  // namespace responses_proxy
