// What the fields of one request cost, from the head that was read to the head that is sent:
// Headers beside the usual vector of pairs of strings. docs/adr/0024 has the numbers.
//
// By instructions instead of time: valgrind --tool=callgrind --toggle-collect='*exchange*' with
// --benchmark_filter=... for one of the two.
#include <benchmark/benchmark.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialects/headers.h"

namespace {

using namespace responses_proxy;

using Fields = std::array<std::pair<std::string_view, std::string_view>, 16>;

// As an SDK sends them.
constexpr Fields kRequest = {{
    {"Host", "127.0.0.1:8000"},
    {"Accept", "application/json"},
    {"Accept-Encoding", "gzip, deflate, br, zstd"},
    {"Connection", "keep-alive"},
    {"Content-Type", "application/json"},
    {"User-Agent", "OpenAI/Python 2.8.1"},
    {"Authorization", "Bearer sk-proj-0123456789abcdefghijklmnopqrstuvwxyz0123456789"},
    {"Content-Length", "1024"},
    {"X-Stainless-Lang", "python"},
    {"X-Stainless-Package-Version", "2.8.1"},
    {"X-Stainless-OS", "Linux"},
    {"X-Stainless-Arch", "x64"},
    {"X-Stainless-Runtime", "CPython"},
    {"X-Stainless-Runtime-Version", "3.12.3"},
    {"x-stainless-retry-count", "0"},
    {"session_id", "0198c0de-0000-7000-8000-000000000000"},
}};

// What was used before.
class Pairs {
 public:
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  std::optional<std::string_view> find(std::string_view name) const {
    for (const auto& field : fields_) {
      if (equals_ignore_case(field.first, name)) return field.second;
    }
    return std::nullopt;
  }
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

bool is_forwarded(std::string_view name) {
  for (const std::string_view dropped :
       {"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade",
        "transfer-encoding", "proxy-authenticate", "host", "content-length", "expect",
        "accept-encoding", "authorization", "proxy-authorization", "x-api-key", "api-key",
        "x-goog-api-key", "cookie", "x-pool-id"}) {
    if (equals_ignore_case(name, dropped)) return false;
  }
  return true;
}

// The names that an exchange asks a request for.
template <class Message>
std::size_t ask(const Message& fields) {
  std::size_t found = 0;
  const auto take = [&found](std::optional<std::string_view> value) {
    found += value ? value->size() : 0;
  };
  take(fields.find("content-encoding"));
  take(fields.find("authorization"));
  take(fields.find("upgrade"));
  take(fields.find("host"));
  take(fields.find("origin"));
  take(fields.find("x-proxy-pool-id"));
  take(fields.find("x-pool-id"));
  take(fields.find("x-proxy-session-id"));
  take(fields.find("session_id"));
  take(fields.find("x-proxy-session-name"));
  take(fields.find("x-request-id"));
  take(fields.find("content-type"));
  return found;
}

[[gnu::noinline]] std::string exchange_of_pairs(const Fields& request) {
  Pairs fields;
  for (const auto& [name, value] : request) fields.add(std::string(name), std::string(value));
  std::string sent;
  sent.reserve(1024 + ask(fields) % 2);
  Pairs forwarded;
  for (const auto& [name, value] : fields.all()) {
    if (is_forwarded(name)) forwarded.add(name, value);
  }
  for (const auto& [name, value] : forwarded.all()) {
    sent.append(name).append(": ").append(value).append("\r\n");
  }
  return sent;
}

[[gnu::noinline]] std::string exchange_of_headers(const Fields& request) {
  Headers fields;
  fields.reserve(request.size(), 1024);  // the reader has the head before it
  for (const auto& [name, value] : request) fields.add(name, value);
  std::string sent;
  sent.reserve(1024 + ask(fields) % 2);
  for (const Header& field : forwarded_request_headers(fields)) {
    sent.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return sent;
}

void pairs_of_strings(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(exchange_of_pairs(kRequest));
}
void one_buffer(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(exchange_of_headers(kRequest));
}

BENCHMARK(pairs_of_strings);
BENCHMARK(one_buffer);

}  // namespace

BENCHMARK_MAIN();
