// What goes upstream is what the client sent: the body byte for byte, the fields by rule. Requests
// are made up at random from a fixed seed; the rule stands here once more, in other words than in
// the code.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string>
#include <vector>

#include "integration/raw_client.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr int kRequests = 400;

struct Named {
  const char* name;
  bool goes_up;
};

// RFC 9110, 7.6.1, and what is the proxy's own business.
constexpr std::array kKnown = {
    Named{"Proxy-Connection", false},
    Named{"Keep-Alive", false},
    Named{"TE", false},
    Named{"Trailer", false},
    Named{"Authorization", false},
    Named{"Proxy-Authorization", false},
    Named{"X-Api-Key", false},
    Named{"Api-Key", false},
    Named{"Cookie", false},
    Named{"Accept-Encoding", false},
    Named{"X-Proxy-Session-Name", false},
    Named{"X-Proxy-Anything", false},
    Named{"session_id", true},
    Named{"session-id", true},
    Named{"thread-id", true},
    Named{"x-client-request-id", true},
    Named{"x-codex-turn-state", true},
    Named{"OpenAI-Beta", true},
    Named{"OpenAI-Organization", true},
    Named{"originator", true},
    Named{"traceparent", true},
    Named{"X-Request-Id", true},
    Named{"User-Agent", true},
    Named{"Accept", true},
    Named{"Forwarded", true},
    Named{"X-Stainless-Retry-Count", true},
    Named{"X-Unknown", true},
};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return random_.next() % n; }

  std::string text(std::string_view letters, std::size_t most) {
    std::string made(below(most) + 1, ' ');
    for (char& c : made) c = letters[below(letters.size())];
    return made;
  }

  // Upper and lower case do not matter.
  std::string cased(std::string name) {
    for (char& c : name) {
      if (below(4) == 0 && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return name;
  }

 private:
  SeededRandom random_;
};

struct Sent {
  Headers fields;
  std::string body;
  std::map<std::string, std::vector<std::string>> expected;  // what goes up, by lower-case name
};

std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

std::string json_body(Maker& make) {
  static const std::vector<std::string> kValues = {"null",
                                                   "[ ]",
                                                   "{ \"a\" : 1.50 }",
                                                   "1e999",
                                                   "-0",
                                                   R"("\u0041\ud83d\ude00")",
                                                   "\"\xc3\xa4\"",
                                                   "123456789012345678901234567890"};
  std::string body = "{ \"model\":\"m\"";
  for (std::size_t i = make.below(6); i > 0; --i) {
    body += ",\r\n\t\"" + make.text("abcXYZ_", 12) + "\" : " + kValues[make.below(kValues.size())];
  }
  body += ",\"input\":\"" + make.text("xyz ", 4000) + "\"}";
  return body + make.text(" \n", 3);
}

Sent made_up(Maker& make) {
  Sent sent;
  sent.body = json_body(make);
  std::string listed;  // hop-by-hop because Connection says so
  for (std::size_t i = make.below(12); i > 0; --i) {
    const Named& known = kKnown[make.below(kKnown.size())];
    std::string name = make.cased(known.name);
    const std::string value = "v" + make.text("abc,;=\"/: \t\xc3\xa4()", 40) + "v";
    bool goes_up = known.goes_up;
    if (make.below(10) == 0) {
      name = "X-Hop-" + make.text("abc", 3);
      listed += ", " + make.cased(name);
      goes_up = false;
    }
    sent.fields.add(name, value);
    if (goes_up) sent.expected[lower(name)].push_back(value);
  }
  if (!listed.empty()) sent.fields.add("Connection", "keep-alive" + listed);
  sent.fields.add("Content-Type", "application/json; a=b");
  sent.expected["content-type"] = {"application/json; a=b"};
  return sent;
}

std::string on_the_wire(const Sent& sent, const std::string& path) {
  std::string text = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  for (const Header& field : sent.fields) {
    text.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return text + "Content-Length: " + std::to_string(sent.body.size()) + "\r\n\r\n" + sent.body;
}

}  // namespace

TEST_CASE("what goes upstream is what the client sent") {
  ScriptedUpstream upstream;
  upstream.set_default([](const RecordedRequest&) {
    Reply reply;
    reply.body = "{}";
    return reply;
  });
  TestProxy proxy(config_for(upstream));
  Maker make(20261126);
  for (int i = 0; i < kRequests; ++i) {
    CAPTURE(i);
    Sent sent = made_up(make);
    const std::string path = i % 2 == 0 ? "/v1/responses" : "/v1/responses?a=%20b&c=%2F";
    RawClient client(proxy.port());
    client.send(on_the_wire(sent, path));
    client.read_until("{}");
    REQUIRE(upstream.wait_for_requests(static_cast<std::size_t>(i) + 1));
    const RecordedRequest got = upstream.requests().back();
    CHECK(got.method == "POST");
    CHECK(got.target == path);
    CHECK((got.body == sent.body));

    sent.expected["host"] = {"127.0.0.1:" + std::to_string(upstream.port())};
    sent.expected["content-length"] = {std::to_string(sent.body.size())};
    sent.expected["authorization"] = {"Bearer sk-a"};
    sent.expected["accept-encoding"] = {"identity"};
    std::map<std::string, std::vector<std::string>> up;
    for (const Header& field : got.headers)
      up[lower(std::string(field.name))].emplace_back(field.value);
    CHECK((up == sent.expected));
    REQUIRE(proxy.wait_until_idle());
  }
}
