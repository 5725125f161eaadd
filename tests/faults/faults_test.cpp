// Every fault x every kind of client x one key or two: the client's view, the record, and that
// nothing is left over.
#include "faults/faults.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <fstream>
#include <set>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "fakes/wait_until.h"
#include "source_dir.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

GoodBody good_body(Client client) {
  if (client == Client::json) {
    return {json_response("resp_1", "Hello").body, "application/json"};
  }
  std::string text;
  for (const Step& step : sse_stream("resp_1", {"Hel", "lo"}).steps) text += step.text;
  return {text, "text/event-stream"};
}

// openai-1 is the one at fault, and is picked first.
struct Bench {
  Bench(Config config, std::size_t keys) : proxy(std::move(config)) {
    if (keys == 2) busy = proxy.keep_busy({"openai-2"});
  }

  // Whatever went wrong is over: no lease, no exchange.
  void check_nothing_left() {
    busy.clear();
    REQUIRE(proxy.wait_until_idle());
    for (const Target& target : proxy.router().table()->all()) {
      CHECK(wait_until([&] { return target.state->active() == 0; }));
    }
  }

  TestProxy proxy;
  std::vector<Lease> busy;
};

void check_view(const ClientView& view, const Consequence& then) {
  CAPTURE(view.text);
  CHECK(to_string(view.ending) == to_string(then.ending));
  CHECK(view.status == then.status);
  if (!then.code.empty()) CHECK(view.code == then.code);
}

void check_record(const RequestRecord& record, const Consequence& then) {
  CHECK(record.status_code == then.status);
  CHECK(record.completed == then.completed);
  CHECK(record.blame.text() == to_string(then.blame));
  // An error that is the upstream's own has the upstream's code.
  if (then.attempt.empty() || !then.code.empty()) CHECK(record.error == then.code);
  REQUIRE(record.attempts.size() == 1);
  const AttemptRecord& attempt = record.attempts.front();
  CHECK(attempt.error.substr(0, attempt.error.find(':')) == then.attempt);
  CHECK(attempt.blame.text() == to_string(then.blame));
  if (then.ending != Ending::complete) return;
  CHECK(record.response_id == "resp_1");
  CHECK(record.usage.total == 18);
}

void check_moved(const ClientView& view, const RequestRecord& record, const Consequence& then) {
  CAPTURE(view.text);
  CHECK(to_string(view.ending) == "complete");
  CHECK(view.text.find("Hello from sk-b.") != std::string::npos);
  CHECK(record.status_code == 200);
  CHECK(record.completed);
  CHECK(record.blame == Blame::none);
  REQUIRE(record.attempts.size() == 2);
  const std::string& error = record.attempts.front().error;
  CHECK(error.substr(0, error.find(':')) == then.attempt);
  CHECK(record.attempts.back().reason == SelectionReason::failover);
}

RequestRecord only_record(TestProxy& proxy) {
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  return records.front();
}

ClientView check(Bench& bench, Client client, std::size_t keys, const Consequence& then) {
  const ClientView view = ask(bench.proxy, client);
  bench.check_nothing_left();
  const RequestRecord record = only_record(bench.proxy);
  if (keys == 2 && then.moves) {
    check_moved(view, record, then);
  } else {
    check_view(view, then);
    check_record(record, then);
  }
  return view;
}

// A WebSocket handshake, if there was one, is a GET.
std::size_t posts_of(const ScriptedUpstream& upstream, std::string_view key) {
  const auto requests = upstream.requests_of(key);
  return static_cast<std::size_t>(
      std::count_if(requests.begin(), requests.end(),
                    [](const RecordedRequest& request) { return request.method == "POST"; }));
}

const std::vector<std::vector<std::string>> kKeys = {{"sk-a"}, {"sk-a", "sk-b"}};

struct HttpClient {
  const char* name;
  UpstreamHttp http;
};
constexpr std::array kHttpClients = {HttpClient{"native", UpstreamHttp::native},
                                     HttpClient{"curl", UpstreamHttp::curl}};

void check_fault(const Fault& fault, const HttpClient& http, Client client,
                 const std::vector<std::string>& keys) {
  const std::string name = fault.name;
  CAPTURE(name);
  CAPTURE(http.name);
  CAPTURE(to_string(client));
  CAPTURE(keys.size());
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {fault.reply(good_body(client))});
  Config config = config_for(upstream, keys);
  config.upstream_http = http.http;
  Bench bench(std::move(config), keys.size());
  check(bench, client, keys.size(), fault.then);
  CHECK(upstream.wait_until_idle());
  CHECK(posts_of(upstream, "sk-a") == 1);
}

}  // namespace

TEST_CASE("faults of HTTP upstreams") {
  CHECK(faults().size() >= 40);
  for (const Fault& fault : faults()) {
    for (const HttpClient& http : kHttpClients) {
      for (const Client client : kClients) {
        for (const auto& keys : kKeys) check_fault(fault, http, client, keys);
      }
    }
  }
}

// As docs/reliability.md tells it.
std::string row_of(const Fault& fault) {
  const Consequence& then = fault.then;
  std::string client = fmt::format("{} as it came", then.status);
  if (then.ending == Ending::complete) client = "the answer";
  if (!then.code.empty()) client = fmt::format("{} `{}`", then.status, then.code);
  std::string with_another = then.ending == Ending::complete ? "the same" : "the same: not moved";
  if (then.moves) with_another = "its answer";
  return fmt::format("| {} | {} | {} |", fault.name, client, with_another);
}

TEST_CASE("the table of the documentation is that of the faults") {
  std::ifstream file(RP_SOURCE_DIR "/docs/reliability.md");
  REQUIRE(file);
  std::set<std::string> told;
  for (std::string line; std::getline(file, line);) told.insert(line);
  for (const Fault& fault : faults()) {
    const std::string row = row_of(fault);
    CAPTURE(row);
    CHECK(told.contains(row));
  }
}

TEST_CASE("an upstream that is not there") {
  boost::asio::io_context context;
  using boost::asio::ip::tcp;
  tcp::acceptor closed(context, tcp::v4());
  closed.bind({boost::asio::ip::address_v4::loopback(), 0});  // and never listens
  const std::string nobody = "127.0.0.1:" + std::to_string(closed.local_endpoint().port());
  for (const bool over_websocket : {false, true}) {
    for (const Client client : kClients) {
      for (const auto& keys : kKeys) {
        CAPTURE(over_websocket);
        CAPTURE(to_string(client));
        CAPTURE(keys.size());
        ScriptedUpstream good;
        Config config;
        config.resources = resources_at(good.base_url(), keys);
        for (Resource& resource : config.resources) resource.websocket = over_websocket;
        config.resources.front().base_url = "http://" + nobody + "/v1";
        Bench bench(std::move(config), keys.size());
        const ClientView view = check(bench, client, keys.size(), no_answer("connect_refused"));
        const std::string cause = "nobody listens at " + nobody;
        CAPTURE(view.message);
        if (keys.size() == 1) CHECK(view.message.find(cause) != std::string::npos);
        const RequestRecord record = only_record(bench.proxy);
        CHECK(record.attempts.front().error.find(nobody) != std::string::npos);
        const std::string why = bench.proxy.resource("openai-1")->last_error();
        CHECK(why.find(cause) != std::string::npos);
      }
    }
  }
}

TEST_CASE("faults of WebSocket upstreams in their handshake") {
  struct Row {
    const char* name;
    SocketStep first;
    const char* word;
  };
  const std::string forged =
      "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
  for (const Row& row :
       {Row{"the end", SocketStep::close(1000), "closed"},
        Row{"a reset", SocketStep::reset(), "closed"},
        Row{"another protocol", SocketStep::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "protocol"},
        Row{"a forged accept", SocketStep::raw(forged), "protocol"},
        Row{"101 alone", SocketStep::raw("HTTP/1.1 101 X\r\n\r\n"), "protocol"},
        Row{"a status that is no number", SocketStep::raw("HTTP/1.1 abc\r\n\r\n"), "protocol"}}) {
    for (const auto& keys : kKeys) {
      const std::string name = row.name;
      CAPTURE(name);
      CAPTURE(keys.size());
      ScriptedSocketUpstream upstream;
      ScriptedUpstream good;
      SocketScript script;
      script.before_handshake = {row.first};
      upstream.on_connection({script});
      Config config;
      config.resources = resources_at(upstream.base_url(), keys);
      config.resources.back().base_url = keys.size() == 2 ? good.base_url() : upstream.base_url();
      Bench bench(std::move(config), keys.size());
      check(bench, Client::socket, keys.size(), no_answer(row.word));
    }
  }
}
