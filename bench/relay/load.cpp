// relay-load: the load generator of bench/relay. Prints one line of JSON.
#include <fmt/format.h>

#include <exception>
#include <stdexcept>

#include "loads.h"
#include "options.h"

namespace relay_bench {
namespace {

Sessions sessions(const std::string& text) {
  if (text == "own") return Sessions::own;
  if (text == "twenty") return Sessions::twenty;
  if (text == "fresh") return Sessions::fresh;
  if (text == "known") return Sessions::known;
  throw std::invalid_argument("--sessions is own, twenty, fresh or known");
}

int run(const Options& options) {
  const LoadOptions load{
      .target = {boost::asio::ip::address_v4::loopback(), options.number<std::uint16_t>("port")},
      .run = options.text("run"),
      .connections = options.number<std::size_t>("connections"),
      .rate = options.number<double>("rate"),
      .body_bytes = options.number<std::size_t>("body-bytes"),
      .sessions = sessions(options.text("sessions")),
      .model = options.text("model"),
      .store = options.text("store") == "true",
      .warmup = std::chrono::milliseconds(options.number<int>("warmup-ms")),
      .window = std::chrono::milliseconds(options.number<int>("window-ms")),
      .pids = options.numbers<pid_t>("pids")};
  Measurement measurement(load.pids);
  if (options.text("mode") == "json") {
    run_json_load(load, measurement);
  } else if (options.text("mode") == "sse") {
    run_sse_load(load, measurement);
  } else if (options.text("mode") == "sockets-idle") {
    run_socket_load(load, SocketUse::idle, measurement);
  } else if (options.text("mode") == "sockets-streams") {
    run_socket_load(load, SocketUse::streams, measurement);
  } else if (options.text("mode") == "sockets-turns") {
    run_socket_load(load, SocketUse::turns, measurement);
  } else {
    throw std::invalid_argument("--mode is json, sse, sockets-idle, sockets-streams or -turns");
  }
  fmt::print(
      R"({{"count":{},"seconds":{:.4f},"cpu_seconds":{:.3f},"idle_bytes":{},"open_bytes":{},)"
      R"("p50_us":{:.1f},"p99_us":{:.1f},"max_us":{:.1f},"errors":{}}})"
      "\n",
      measurement.count(), measurement.seconds(), measurement.cpu(), measurement.idle_bytes(),
      measurement.open_bytes(), measurement.percentile(0.5), measurement.percentile(0.99),
      measurement.percentile(1), measurement.errors());
  if (measurement.errors() > 0) {
    fmt::print(stderr, "relay-load: last error: {:.200}\n", measurement.last_error());
  }
  return 0;
}

}  // namespace
}  // namespace relay_bench

int main(int argc, char** argv) {
  try {
    return relay_bench::run(relay_bench::Options(argc, argv,
                                                 {{"mode", "json"},
                                                  {"port", "0"},
                                                  {"run", "run"},
                                                  {"connections", "64"},
                                                  {"rate", "0"},
                                                  {"body-bytes", "1000"},
                                                  {"sessions", "own"},
                                                  {"model", "gpt-5"},
                                                  {"store", "true"},
                                                  {"warmup-ms", "500"},
                                                  {"window-ms", "2000"},
                                                  {"pids", ""}}));
  } catch (const std::exception& error) {
    fmt::print(stderr, "relay-load: {}\n", error.what());
    return 2;
  }
}
