#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "core/field_set.h"
#include "responses_proxy/headers.h"

namespace responses_proxy {

TEST_CASE("names compare without case, in ASCII only") {
  CHECK(equals_ignore_case("Content-TYPE", "content-type"));
  CHECK(equals_ignore_case("", ""));
  CHECK_FALSE(equals_ignore_case("a", "ab"));
  CHECK_FALSE(equals_ignore_case("a-b", "a_b"));
  CHECK_FALSE(equals_ignore_case("@[", "`{"));  // 0x20 apart, but no letters
  CHECK_FALSE(equals_ignore_case("\xc4", "\xe4"));
}

TEST_CASE("fields keep their order and their duplicates") {
  Headers headers = {{"A", "1"}, {"b", "2"}};
  headers.add("a", "3");
  CHECK(headers.size() == 3);
  CHECK(headers.begin()->name == "A");
  CHECK(headers.find("a") == std::optional<std::string_view>("1"));  // the first
  CHECK(headers.get("B") == "2");
  CHECK(headers.get("c").empty());
  CHECK(headers.find("c") == std::nullopt);
}

TEST_CASE("a field may be empty and still be there") {
  const Headers headers = {{"x-empty", ""}};
  REQUIRE(headers.find("X-Empty"));
  CHECK(headers.find("X-Empty")->empty());
}

TEST_CASE("set replaces every field of that name, erase removes them all") {
  Headers headers = {{"A", "1"}, {"b", "2"}, {"a", "3"}};
  headers.set("a", "4");
  CHECK(headers.size() == 2);
  CHECK(headers.get("A") == "4");
  headers.set("new", "5");
  CHECK(headers.size() == 3);
  headers.erase("A");
  headers.erase("not there");
  CHECK(headers.size() == 2);
  CHECK_FALSE(headers.find("a"));
  headers.erase("b");
  headers.erase("new");
  CHECK(headers.empty());
}

TEST_CASE("fields of one name are one list") {
  const Headers headers = {{"A", "1"}, {"b", "2"}, {"a", ""}, {"a", "3, 4"}};
  CHECK(headers.list("a") == "1, 3, 4");
  CHECK(headers.list("B") == "2");
  CHECK(headers.list("c").empty());
}

TEST_CASE("each name with an id is found by it, however it is written; no other has one") {
  for (std::size_t i = 0; i < kFieldIds; ++i) {
    std::string name(kFieldNames[i]);
    CHECK(field_id(name) == static_cast<FieldId>(i));
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    CHECK(field_id(name) == static_cast<FieldId>(i));
    CHECK(field_id(name + "x") == FieldId::other);
    CHECK(field_id("x" + name) != static_cast<FieldId>(i));
  }
  CHECK(field_id("") == FieldId::other);
  CHECK(field_id("x-another-one") == FieldId::other);
  CHECK(field_id(std::string(100, 't')) == FieldId::other);
}

TEST_CASE("the two lists of names are in the same order") {
  constexpr std::array<std::pair<FieldId, std::string_view>, 9> kSome = {
      {{FieldId::te, "te"},
       {FieldId::accept, "accept"},
       {FieldId::session_id, "session-id"},
       {FieldId::session_id_underscored, "session_id"},
       {FieldId::authorization, "authorization"},
       {FieldId::retry_after_ms, "retry-after-ms"},
       {FieldId::x_forwarded_proto, "x-forwarded-proto"},
       {FieldId::transfer_encoding, "transfer-encoding"},
       {FieldId::strict_transport_security, "strict-transport-security"}}};
  for (const auto& [id, name] : kSome) CHECK(kFieldNames[static_cast<std::size_t>(id)] == name);
}

TEST_CASE("a field knows its id, and is found by literal, text and id alike") {
  const std::string name = "Content-Type";
  const Headers headers = {{name, "text/plain"}, {"X-Other", "1"}};
  CHECK(headers.begin()->id == FieldId::content_type);
  CHECK((++headers.begin())->id == FieldId::other);
  CHECK(headers.get("content-type") == "text/plain");
  CHECK(headers.get(name) == "text/plain");
  CHECK(headers.get(std::string_view("CONTENT-TYPE")) == "text/plain");
  CHECK(headers.get(FieldId::content_type) == "text/plain");
  CHECK(headers.get("x-other") == "1");
  CHECK_FALSE(headers.find("x-othe"));
  CHECK_FALSE(headers.find(FieldId::accept));
}

TEST_CASE("what is added may be a part of the headers themselves") {
  Headers headers = {{"a", std::string(40, 'v')}};
  for (int i = 0; i < 20; ++i) headers.add(*headers.begin());
  headers.add("b", headers.get("a"));
  headers.set("c", headers.get("b"));
  headers.set("a", headers.get("c"));
  CHECK(headers.size() == 3);
  for (const Header& field : headers) CHECK(field.value == std::string(40, 'v'));
  CHECK(headers.begin()->name == "b");
}

TEST_CASE("what was erased leaves nothing behind") {
  Headers headers = {{"keep", "1"}, {"drop", "22"}, {"keep-too", "333"}, {"drop", "4444"}};
  headers.erase("Drop");
  CHECK(headers.bytes() == std::string_view("keep1keep-too333").size());
  CHECK(headers.get("keep") == "1");
  CHECK(headers.get("keep-too") == "333");
  for (int i = 0; i < 1000; ++i) headers.set("keep", "1");
  CHECK(headers.bytes() == std::string_view("keep1keep-too333").size());
}

TEST_CASE("copies and moves are whole") {
  Headers headers = {{"Host", "a"}, {"x", std::string(100, 'y')}};
  const Headers copy = headers;
  const Headers moved = std::move(headers);
  for (const Headers* one : {&copy, &moved}) {
    CHECK(one->size() == 2);
    CHECK(one->get("host") == "a");
    CHECK(one->get("x").size() == 100);
  }
}

TEST_CASE("a set of fields has those it was made of; a name without an id is in none") {
  constexpr FieldSet kSet{FieldId::te, FieldId::strict_transport_security};
  CHECK(kSet.contains(FieldId::te));
  CHECK(kSet.contains(FieldId::strict_transport_security));
  CHECK_FALSE(kSet.contains(FieldId::date));
  CHECK_FALSE(kSet.contains(FieldId::other));
}

}  // namespace responses_proxy
