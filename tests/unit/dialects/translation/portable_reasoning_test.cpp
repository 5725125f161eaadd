#include "dialects/translation/portable_reasoning.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

namespace {

Resource at(std::string url, std::string key) {
  Resource resource;
  resource.wire_api = "anthropic_messages";
  resource.base_url = std::move(url);
  resource.credential = Secret(std::move(key));
  return resource;
}

}  // namespace

TEST_CASE("reasoning is read where it was made, by every key there, and nowhere else") {
  const std::string here = reasoning_origin(at("https://api.a.com/v1", "k1"));
  CHECK(here == reasoning_origin(at("https://api.a.com/other", "k2")));
  CHECK(here != reasoning_origin(at("https://api.b.com/v1", "k1")));
  const std::string marked = marked_reasoning(here, "sig:na=ture");
  CHECK(reasoning_made_at(here, marked) == "sig:na=ture");
  CHECK_FALSE(reasoning_made_at(reasoning_origin(at("https://api.b.com", "")), marked));
  CHECK_FALSE(reasoning_made_at(here, "gAAAAforeign"));
  CHECK_FALSE(reasoning_made_at(here, ""));
}
