#include "e2e/upstream_commands.h"

#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

#include "fakes/responses_bodies.h"

namespace responses_proxy::testing {

namespace {

std::string text(const Json& object, const char* name) {
  return object.value(name, "");
}

UsageCounts usage_from(const Json& spec) {
  UsageCounts usage;
  const Json given = spec.value("usage", Json::object());
  usage.input = given.value("input", usage.input);
  usage.output = given.value("output", usage.output);
  usage.cached = given.value("cached", usage.cached);
  usage.reasoning = given.value("reasoning", usage.reasoning);
  return usage;
}

Reply body_from(const Json& spec) {
  if (spec.contains("response")) {
    const Json& response = spec["response"];
    return json_response(text(response, "id"), text(response, "text"), usage_from(response));
  }
  if (spec.contains("stream")) {
    const Json& stream = spec["stream"];
    return sse_stream(text(stream, "id"), stream.at("deltas"), usage_from(stream));
  }
  if (spec.contains("function_call")) {
    const Json& call = spec["function_call"];
    return sse_function_call(text(call, "id"),
                             {text(call, "call_id"), text(call, "name"), text(call, "arguments")},
                             usage_from(call));
  }
  if (spec.contains("failed")) {
    const Json& failed = spec["failed"];
    return sse_failed(text(failed, "id"), text(failed, "code"), text(failed, "message"));
  }
  if (spec.contains("error")) {
    const Json& error = spec["error"];
    return error_reply(error.at("status"), text(error, "type"), text(error, "code"),
                       text(error, "message"), text(error, "param"));
  }
  return json_reply(spec.at("json"), spec.value("status", 200));
}

Step step_from(const Json& spec) {
  if (spec == "close") return Step::close();
  if (spec == "reset") return Step::reset();
  if (spec == "stall") return Step::stall();
  if (spec.contains("gate")) return Step::gate(spec["gate"]);
  return Step::write(spec.at("write"));
}

Json state_of(const ScriptedUpstream& upstream) {
  Json requests = Json::array();
  for (const RecordedRequest& request : upstream.requests()) requests.push_back(to_json(request));
  const UpstreamCounts counts = upstream.counts();
  return {{"counts",
           {{"connections", counts.connections},
            {"open_connections", counts.open_connections},
            {"requests", counts.requests},
            {"in_flight", counts.in_flight},
            {"aborted", counts.aborted}}},
          {"requests", requests}};
}

bool wait(const ScriptedUpstream& upstream, const Json& command) {
  const std::string what = text(command, "for");
  if (what == "idle") return upstream.wait_until_idle();
  if (what == "requests") return upstream.wait_for_requests(command.at("n"));
  if (what == "aborted") return upstream.wait_for_aborted(command.at("n"));
  throw std::invalid_argument("wait for " + what + "?");
}

}  // namespace

Json to_json(const RecordedRequest& request) {
  Json headers = Json::array();
  for (const Header& field : request.headers) {
    headers.push_back(Json::array({std::string(field.name), std::string(field.value)}));
  }
  return {{"method", request.method},
          {"target", request.target},
          {"headers", headers},
          {"body", request.body},
          {"key", request.key},
          {"number", request.number},
          {"connection", request.connection}};
}

Reply reply_from(const Json& spec) {
  Reply reply = body_from(spec);
  reply.before_body = spec.value("before_body", false);
  const Json headers = spec.value("headers", Json::object());
  for (const auto& [name, value] : headers.items()) {
    reply.headers.add(name, value.get<std::string>());
  }
  const Json insertions = spec.value("insert", Json::array());
  for (const Json& insertion : insertions) {
    reply.insert(insertion.at("at"), step_from(insertion.at("step")));
  }
  return reply;
}

void add_rules(ScriptedUpstream& upstream, const Json& rules) {
  for (const Json& spec : rules) {
    Rule rule{text(spec, "key"), text(spec, "method"), text(spec, "path"), {}, false};
    rule.repeat_last = spec.value("repeat_last", false);
    for (const Json& reply : spec.at("replies")) rule.replies.push_back(reply_from(reply));
    upstream.add(std::move(rule));
  }
}

Json run_command(ScriptedUpstream& upstream, const Json& command) {
  const std::string what = text(command, "do");
  if (what == "state") return state_of(upstream);
  if (what == "wait") return {{"ok", wait(upstream, command)}};
  if (what == "add") {
    add_rules(upstream, command.at("rules"));
  } else if (what == "open_gate") {
    upstream.open_gate(command.at("name"));
  } else {
    throw std::invalid_argument("do " + what + "?");
  }
  return {{"ok", true}};
}

void answer_commands(const std::function<Json(const Json&)>& run) {
  for (std::string line; std::getline(std::cin, line);) {
    Json answer;
    try {
      answer = run(Json::parse(line));
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << dump(answer) << std::endl;
  }
}

}  // namespace responses_proxy::testing
