// Who asks the system for the addresses of a name, and how long an answer is used.
#include "upstream/native/name_cache.h"

#include <doctest/doctest.h>

#include <optional>

#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
const error_code kNotFound = boost::asio::error::host_not_found;

NameCache::Addresses at(const char* address) {
  return {tcp::endpoint(boost::asio::ip::make_address(address), 443)};
}

// The test answers in place of the system.
struct Names {
  struct Answer {
    error_code error;
    NameCache::Addresses addresses;
  };

  // What is told so far; nothing: the caller waits.
  std::shared_ptr<std::optional<Answer>> ask(const std::string& host = "api") {
    auto told = std::make_shared<std::optional<Answer>>();
    cache->look_up(host, "443", [told](error_code error, const NameCache::Addresses& addresses) {
      CHECK_FALSE(*told);
      *told = Answer{error, addresses};
    });
    return told;
  }
  NameCache::Addresses known(const std::string& host = "api") {
    const auto told = ask(host);
    return *told ? (*told)->addresses : NameCache::Addresses{};
  }
  void answer(const NameCache::Addresses& addresses, error_code error = {}) {
    REQUIRE(!asked.empty());
    const NameCache::Done done = std::exchange(asked, {}).front();
    done(error, addresses);
  }

  testing::ManualClock clock;
  std::vector<NameCache::Done> asked;
  std::optional<NameCache> cache{
      std::in_place, clock, [this](const std::string&, const std::string&, NameCache::Done done) {
        asked.push_back(std::move(done));
      }};
};

}  // namespace

TEST_CASE("an address is looked up nowhere") {
  Names names;
  CHECK(names.known("127.0.0.1") == at("127.0.0.1"));
  CHECK(names.known("::1") == at("::1"));
  CHECK(names.asked.empty());
}

TEST_CASE("a name is looked up once for all who ask meanwhile") {
  Names names;
  const auto first = names.ask();
  const auto second = names.ask();
  const auto other = names.ask("other");
  REQUIRE(names.asked.size() == 2);
  names.asked[0]({}, at("10.0.0.1"));
  CHECK((*first)->addresses == at("10.0.0.1"));
  CHECK((*second)->addresses == at("10.0.0.1"));
  CHECK_FALSE(*other);
}

TEST_CASE("after its time a name is looked up again, while its addresses are used on") {
  Names names;
  names.ask();
  names.answer(at("10.0.0.1"));
  names.clock.advance(NameCache::kFresh - Millis(1));
  CHECK(names.known() == at("10.0.0.1"));
  CHECK(names.asked.empty());
  names.clock.advance(Millis(1));
  CHECK(names.known() == at("10.0.0.1"));
  CHECK(names.known() == at("10.0.0.1"));
  CHECK(names.asked.size() == 1);
  names.answer(at("10.0.0.2"));
  CHECK(names.known() == at("10.0.0.2"));
}

TEST_CASE("addresses outlive look-ups that fail, but not for ever") {
  Names names;
  names.ask();
  names.answer(at("10.0.0.1"));
  names.clock.advance(NameCache::kStale - Millis(1));
  CHECK(names.known() == at("10.0.0.1"));
  names.answer({}, kNotFound);
  CHECK(names.known() == at("10.0.0.1"));
  names.answer({}, kNotFound);
  names.clock.advance(Millis(1));
  const auto told = names.ask();
  CHECK_FALSE(*told);
  names.answer({}, kNotFound);
  CHECK((*told)->error == kNotFound);
}

TEST_CASE("a failure is told to all who wait, and not remembered") {
  Names names;
  const auto first = names.ask();
  const auto second = names.ask();
  names.answer({}, kNotFound);
  CHECK((*first)->error == kNotFound);
  CHECK((*second)->error == kNotFound);
  const auto third = names.ask();
  names.answer(at("10.0.0.1"));
  CHECK((*third)->addresses == at("10.0.0.1"));
}

TEST_CASE("addresses that do not work are looked up anew") {
  Names names;
  names.ask();
  names.answer(at("10.0.0.1"));
  names.cache->forget("api", "443");
  names.cache->forget("nobody", "443");
  const auto told = names.ask();
  CHECK_FALSE(*told);
  names.answer(at("10.0.0.2"));
  CHECK((*told)->addresses == at("10.0.0.2"));
}

TEST_CASE("only so many names are kept, those that are being looked up in any case") {
  Names names;
  const auto waiting = names.ask("slow");
  const NameCache::Done slow = std::exchange(names.asked, {}).front();
  for (std::size_t i = 1; i < NameCache::kMaxNames; ++i) {
    names.ask("host-" + std::to_string(i));
    names.answer(at("10.0.0.1"));
  }
  CHECK(names.known("host-1") == at("10.0.0.1"));
  names.ask("one too many");
  names.answer(at("10.0.0.1"));
  CHECK(names.known("host-1").empty());
  slow({}, at("10.0.0.3"));
  CHECK((*waiting)->addresses == at("10.0.0.3"));
}

TEST_CASE("an answer that comes when the cache is gone is told to nobody") {
  Names names;
  const auto told = names.ask();
  names.cache.reset();
  names.answer(at("10.0.0.1"));
  CHECK_FALSE(*told);
}

}  // namespace responses_proxy
