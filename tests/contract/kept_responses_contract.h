// What every KeptResponses must do. Run it on one with
//   KEPT_RESPONSES_CONTRACT(Backend)
// where Backend has
//   KeptResponses& responses();
//   void advance(Millis by);  // time passes
//   static constexpr Millis kIdle;  // after which what is unused is forgotten
// Every call has its answer when it returns.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

#include "contract/told.h"
#include "responses_proxy/kept_responses.h"

namespace responses_proxy::testing {

inline KeptResponse kept_response(std::string id, std::string document, bool open = false) {
  KeptResponse response;
  response.id = std::move(id);
  response.document = std::move(document);
  response.open = open;
  return response;
}

template <class Backend>
class KeptResponsesChecks {
 public:
  std::optional<KeptResponse> find(std::string_view id, std::string_view caller = "alice") {
    return told<std::optional<KeptResponse>>([&](auto done) {
      backend.responses().find({id, caller}, done);
    });
  }
  bool keep(KeptResponse response) {
    return told<bool>(
        [&](auto done) { backend.responses().keep("alice", std::move(response), done); });
  }
  bool update(KeptResponse response, std::string_view caller = "alice") {
    return told<bool>(
        [&](auto done) { backend.responses().update(caller, std::move(response), done); });
  }
  bool touch(std::string_view id) {
    return told<bool>([&](auto done) { backend.responses().touch({id, "alice"}, done); });
  }
  bool forget(std::string_view id, std::string_view caller = "alice") {
    return told<bool>([&](auto done) { backend.responses().forget({id, caller}, done); });
  }

  void found_as_kept() {
    CHECK_FALSE(find("resp_1"));
    const std::string document = R"({"a":"é)" + std::string(100'000, 'x') + "\"}";
    KeptResponse response = kept_response("resp_1", document);
    response.marks = "+1,." + std::string(1000, '+');
    response.previous = "resp_0";
    response.input = "1,2" + std::string(1000, ' ') + "3";
    CHECK(keep(response));
    const auto found = find("resp_1");
    REQUIRE(found);
    CHECK(found->id == "resp_1");
    CHECK(found->document == document);
    CHECK(found->marks == response.marks);
    CHECK(found->previous == "resp_0");
    CHECK(found->input == response.input);
    CHECK_FALSE(found->open);
    CHECK_FALSE(find("resp_1", "bob"));
    CHECK_FALSE(find(""));
  }

  void the_second_of_an_id() {
    keep(kept_response("resp_1", "1"));
    CHECK(keep(kept_response("resp_1", "2")));
    CHECK(find("resp_1")->document == "2");
  }

  // Whoever ends it first has ended it.
  void open_until_it_ends() {
    CHECK_FALSE(update(kept_response("resp_1", "1", true)));
    CHECK_FALSE(find("resp_1"));
    keep(kept_response("resp_1", "1", true));
    CHECK(find("resp_1")->open);
    CHECK(update(kept_response("resp_1", "2", true)));
    CHECK(find("resp_1")->document == "2");
    CHECK_FALSE(update(kept_response("resp_1", "x"), "bob"));
    CHECK(update(kept_response("resp_1", "3")));
    CHECK_FALSE(find("resp_1")->open);
    CHECK_FALSE(update(kept_response("resp_1", "4")));
    CHECK_FALSE(touch("resp_1"));
    CHECK(find("resp_1")->document == "3");
  }

  void touched_as_it_is_made() {
    keep(kept_response("resp_1", "1", true));
    const WallTime begun = find("resp_1")->touched;
    backend.advance(Millis(7'000));
    CHECK(find("resp_1")->touched == begun);
    CHECK(touch("resp_1"));
    CHECK(find("resp_1")->touched - begun == Millis(7'000));
    CHECK_FALSE(touch("resp_2"));
  }

  void forgotten() {
    keep(kept_response("resp_1", "1", true));
    CHECK_FALSE(forget("resp_1", "bob"));
    CHECK(forget("resp_1"));
    CHECK_FALSE(forget("resp_1"));
    CHECK_FALSE(find("resp_1"));
    CHECK_FALSE(touch("resp_1"));
    CHECK_FALSE(update(kept_response("resp_1", "1")));
  }

  void too_large() {
    CHECK_FALSE(keep(kept_response("resp_1", std::string(kMaxKeptBytes + 1, ' '))));
    CHECK_FALSE(find("resp_1"));
  }

  void unused_for_long() {
    keep(kept_response("resp_1", "1"));
    keep(kept_response("resp_2", "1"));
    backend.advance(Backend::kIdle * 2 / 3);
    CHECK(find("resp_1"));
    backend.advance(Backend::kIdle * 2 / 3);
    CHECK(find("resp_1"));
    CHECK_FALSE(find("resp_2"));
  }

  Backend backend;
};

}  // namespace responses_proxy::testing

#define KEPT_RESPONSES_CONTRACT(Backend)                            \
  TEST_CASE("kept responses: " #Backend) {                          \
    responses_proxy::testing::KeptResponsesChecks<Backend> checks;  \
    SUBCASE("what was kept is found, by nobody else") {             \
      checks.found_as_kept();                                       \
    }                                                               \
    SUBCASE("an id that comes twice means the second") {            \
      checks.the_second_of_an_id();                                 \
    }                                                               \
    SUBCASE("one that is made can be written until it has ended") { \
      checks.open_until_it_ends();                                  \
    }                                                               \
    SUBCASE("its maker is heard of") {                              \
      checks.touched_as_it_is_made();                               \
    }                                                               \
    SUBCASE("what was forgotten does not come back") {              \
      checks.forgotten();                                           \
    }                                                               \
    SUBCASE("what is too large is not kept") {                      \
      checks.too_large();                                           \
    }                                                               \
    SUBCASE("what is unused for long is forgotten") {               \
      checks.unused_for_long();                                     \
    }                                                               \
  }
