#include "core/json_text.h"

#include <doctest/doctest.h>

#include "core/json.h"

using namespace responses_proxy;

TEST_CASE("JSON text: commas come by themselves") {
  JsonText out;
  out.begin_object().put("a", "x").put_number("b", -7).put_boolean("c", true).key("d");
  out.begin_array().raw("").number(1).text("y").begin_object().end_object().null().end_array();
  out.key("e").begin_object().put_raw("f", "[1,2]").end_object().end_object();
  CHECK(out.str() == R"({"a":"x","b":-7,"c":true,"d":[1,"y",{},null],"e":{"f":[1,2]}})");
}

TEST_CASE("JSON text: every byte that a string cannot hold is escaped, all others stay") {
  std::string all;
  for (int byte = 0; byte < 0x80; ++byte) all += static_cast<char>(byte);
  all += "\xC3\xA4\xF0\x9F\x98\x80";
  JsonText out;
  out.text(all);
  CHECK(Json::parse(out.str()).get<std::string>() == all);
  CHECK(out.str().find("\xC3\xA4\xF0\x9F\x98\x80") != std::string::npos);
}

TEST_CASE("JSON text: it does not matter where in a text a byte stands") {
  for (int byte = 0; byte < 0x80; ++byte) {
    for (std::size_t at = 0; at < 19; ++at) {
      std::string text = "\xC3\xA4 abcdefghijklmnop";
      text.insert(at < 2 ? 2 : at, 1, static_cast<char>(byte));
      JsonText out;
      out.text(text);
      CHECK(Json::parse(out.str()).get<std::string>() == text);
    }
  }
}

TEST_CASE("JSON text: a text that ends like an open value does not swallow the comma") {
  JsonText out;
  out.begin_array().text("[").text("{").text(":").text(",").end_array();
  CHECK(out.str() == R"(["[","{",":",","])");
}
