#include <doctest/doctest.h>

#include <cctype>

#include <regex>
#include <set>

#include "control/assets.h"
#include "control/endpoints.h"
#include "route/endpoint.h"
#include "unit/control/registry_fixture.h"

namespace responses_proxy::testing {

namespace {

const std::vector<std::string> kMethods = {"get", "post", "put", "patch", "delete"};

void check_references(const Json& node, const Json& document) {
  if (node.is_object() && node.contains("$ref")) {
    const std::string target = node["$ref"];
    CAPTURE(target);
    REQUIRE(target.starts_with("#/"));
    CHECK(document.contains(Json::json_pointer(target.substr(1))));
  }
  if (!node.is_structured()) return;
  for (const Json& child : node) check_references(child, document);
}

std::string ascii_upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

void add_properties(const Json& schema, const Json& document, std::set<std::string>& names) {
  if (schema.contains("$ref")) {
    const std::string target = schema["$ref"];
    add_properties(document.at(Json::json_pointer(target.substr(1))), document, names);
  }
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [key, value] : properties.items()) names.insert(key);
  for (const Json& part : schema.value("allOf", Json::array())) {
    add_properties(part, document, names);
  }
}

// The keys of `row` and those the description gives it.
void check_described(const Json& row, const Json& document, const std::string& schema) {
  CAPTURE(schema);
  std::set<std::string> shown;
  std::set<std::string> described;
  for (const auto& [key, value] : row.items()) shown.insert(key);
  add_properties(document["components"]["schemas"][schema], document, described);
  CHECK(shown == described);
}

// Nothing from elsewhere, and no text that could become markup or code.
void check_self_contained(std::string text) {
  const std::string name_of_svg = "http://www.w3.org/2000/svg";  // a name; nobody asks for it
  if (const auto at = text.find(name_of_svg); at != std::string::npos) {
    text.erase(at, name_of_svg.size());
  }
  for (const std::string forbidden :
       {"://", "src=\"//", "@import", "url(", "innerHTML", "outerHTML", "insertAdjacentHTML",
        "document.write", "eval(", " style="}) {
    CAPTURE(forbidden);
    CHECK(text.find(forbidden) == std::string::npos);
  }
}

// "/a/{name}" and "/assets/app.js" as "/a/*" and "/assets/*".
std::string pattern_of(const std::string& path) {
  const std::string assets = "/assets/";
  return path.starts_with(assets) ? assets + "*"
                                  : std::regex_replace(path, std::regex(R"(\{\w+\})"), "*");
}

}  // namespace

TEST_CASE_FIXTURE(ControlPlaneFixture, "pages are self-contained and locked down") {
  start();
  for (const std::string path : {"/", "/docs"}) {
    CAPTURE(path);
    const auto page = get(path);
    CHECK(page.status == 200);
    CHECK(page.get_header_value("Content-Type") == "text/html; charset=utf-8");
    CHECK(page.get_header_value("X-Content-Type-Options") == "nosniff");
    const std::string policy = page.get_header_value("Content-Security-Policy");
    CHECK(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    CHECK(policy.find("unsafe") == std::string::npos);
    check_self_contained(page.body);
    CHECK(page.body.find("<script>") == std::string::npos);
    CHECK(page.body.find("<style") == std::string::npos);
    CHECK(send("HEAD", path).status == 200);
  }
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "what the pages load is self-contained, too") {
  start();
  for (const control::Asset& asset : control::kServedAssets) {
    const std::string name(asset.name);
    CAPTURE(name);
    const auto file = get("/assets/" + name);
    CHECK(file.status == 200);
    CHECK(file.body == asset.bytes);
    const std::string type = file.get_header_value("Content-Type");
    if (name.ends_with(".js")) CHECK(type == "text/javascript; charset=utf-8");
    if (name.ends_with(".css")) CHECK(type == "text/css; charset=utf-8");
    if (!name.starts_with("uPlot")) check_self_contained(file.body);
  }
  CHECK(get("/assets/nothing.js").status == 404);
}

TEST_CASE_FIXTURE(RegistryFixture, "every path of the description is routed") {
  records.request_page = {{RequestRecord{}}, ""};
  records.session_page = {{SessionRow{}}, ""};
  start();
  const Json document = get_json("/openapi.json");
  REQUIRE(document.is_object());
  CHECK(document["openapi"] == "3.1.0");
  for (const auto& [path, item] : document["paths"].items()) {
    if (path.starts_with("/v1/")) continue;
    for (const std::string& method : kMethods) {
      if (!item.contains(method)) continue;
      CAPTURE(path);
      CAPTURE(method);
      if (path.find("/admin/providers") == 0 || path.find("/admin/models") == 0) {
        const auto response = send(ascii_upper(method), path);
        CHECK(error_of(response).value("code", "") != "unknown_path");
        CHECK(response.status != 405);
        continue;
      }
      // HEAD, so that the event stream does not hold the test.
      const std::string target = std::regex_replace(path, std::regex(R"(\{file\})"), "app.js");
      const auto response = send(method == "get" ? "HEAD" : "POST", target);
      CHECK(response.status == 200);
    }
  }
}

TEST_CASE_FIXTURE(RegistryFixture, "every path that is routed is described") {
  start();
  const Json document = get_json("/openapi.json");
  std::set<std::string> described;
  std::set<std::string> of_data_plane;
  for (const auto& [path, item] : document["paths"].items()) {
    if (path.starts_with("/v1/")) {
      of_data_plane.insert(path);
    } else {
      described.insert(pattern_of(path));
    }
  }
  control::RouteTable routes(config);
  control::add_endpoints(routes, std::make_shared<control::Plane>(context()));
  std::set<std::string> routed;
  for (const std::string& path : routes.paths()) routed.insert(pattern_of(path));
  CHECK(described == routed);
  std::set<std::string> served;
  for (const EndpointKind kind : kEndpointKinds) {
    for (const std::string_view path : described_paths(kind)) served.emplace(path);
  }
  CHECK(of_data_plane == served);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "the description says nothing twice") {
  start();
  std::vector<std::set<std::string>> open;  // the names in each object that has begun
  const Json document = Json::parse(get("/openapi.json").body,
                                    [&open](int, Json::parse_event_t event, const Json& parsed) {
                                      if (event == Json::parse_event_t::object_start) {
                                        open.emplace_back();
                                      } else if (event == Json::parse_event_t::object_end) {
                                        open.pop_back();
                                      } else if (event == Json::parse_event_t::key) {
                                        const auto name = parsed.get<std::string>();
                                        CAPTURE(name);
                                        CHECK(open.back().insert(name).second);
                                      }
                                      return true;
                                    });
  CHECK(open.empty());
  CHECK(document.is_object());
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "the description is whole") {
  start();
  const Json document = get_json("/openapi.json");
  check_references(document, document);
  std::set<std::string> ids;
  for (const auto& [path, item] : document["paths"].items()) {
    std::set<std::string> wanted;
    for (std::size_t at = 0; (at = path.find('{', at)) != std::string::npos; ++at) {
      wanted.insert(path.substr(at + 1, path.find('}', at) - at - 1));
    }
    std::set<std::string> named;
    for (Json parameter : item.value("parameters", Json::array())) {
      if (parameter.contains("$ref")) {
        const std::string target = parameter["$ref"];
        parameter = document.at(Json::json_pointer(target.substr(1)));
      }
      if (parameter["in"] == "path") named.insert(parameter["name"].get<std::string>());
    }
    CAPTURE(path);
    CHECK(named == wanted);
    for (const std::string& method : kMethods) {
      if (!item.contains(method)) continue;
      CHECK(ids.insert(item[method]["operationId"].get<std::string>()).second);
      const Json& responses = item[method]["responses"];
      CHECK((responses.contains("200") || responses.contains("101")));
    }
  }
}

TEST_CASE_FIXTURE(RegistryFixture, "answers have the fields that are described") {
  AttemptRecord attempt;
  RequestRecord record;
  record.attempts = {attempt};
  records.request_page = {{record}, ""};
  records.decision_page = {{DecisionRow{}}, ""};
  records.session_page = {{SessionRow{}}, ""};
  decisions.add({"req-1", "", "", "openai-1", SelectionReason::failover, clock.wall()});
  traffic.count(record);
  resource("openai-1")->note_check({clock.wall(), Health::healthy, {}, ""});
  resource("openai-1")->note_limits({LimitMeter{}});
  resource("openai-1")->apply({Health::unhealthy, {}, {}, true, "HTTP 401"}, clock.steady());
  health.results = {HealthCheckResult{}};
  start();
  const Json document = get_json("/openapi.json");
  const Json live = get_json("/admin/state");
  check_described(live, document, "State");
  check_described(live["resources"][0], document, "ResourceState");
  check_described(live["wrong"].at(0), document, "Trouble");
  check_described(live["recent"], document, "RecentTraffic");
  check_described(live["resources"][0]["last_check"], document, "LastCheck");
  check_described(live["resources"][0]["limits"][0], document, "LimitMeter");
  check_described(live["recent_decisions"][0], document, "RecentDecision");
  check_described(live["affinity"], document, "AffinityStats");
  check_described(live["telemetry"], document, "TelemetryStats");
  const Json requests = get_json("/admin/requests");
  check_described(requests, document, "RequestList");
  check_described(requests["data"][0], document, "RequestRow");
  check_described(requests["data"][0]["timings"], document, "Timings");
  check_described(requests["data"][0]["attempts"][0], document, "Attempt");
  check_described(get_json("/admin/requests/req-1"), document, "RequestDetail");
  const Json session = get_json("/admin/sessions/s-1");
  check_described(session, document, "SessionDetail");
  check_described(session["turns"][0], document, "SessionTurn");
  const Json series = get_json("/admin/timeseries");
  check_described(series, document, "Timeseries");
  check_described(series["points"][0], document, "TimeseriesPoint");
  check_described(series["sums"], document, "TrafficSums");
  check_described(series["resources"][0], document, "ResourceTraffic");
  check_described(get_json("/admin/decisions")["data"][0], document, "DecisionRow");
  check_described(get_json("/admin/sessions")["data"][0], document, "SessionRow");
  check_described(get_json("/admin/telemetry")["data"][0], document, "TelemetryRow");
  const Json checks = Json::parse(send("POST", "/admin/health/check").body);
  check_described(checks["data"][0], document, "HealthCheckResult");

  send_json("POST", "/admin/providers", provider_body("kimi"));
  send_json("POST", "/admin/models", alias_body("kimi/k2", "kimi"));
  check_described(get_json("/admin/providers")["data"][0], document, "Provider");
  check_described(get_json("/admin/models/kimi/k2"), document, "Model");
  check_described(get_json("/admin/models/kimi/k2")["targets"][0], document, "ModelTarget");
  check_described(get_json("/admin/provider-presets")["data"][0], document, "ProviderPreset");
  check_described(Json::parse(send("POST", "/admin/routing/reload").body), document, "Reloaded");
  const Json tried =
      send_json("POST", "/admin/providers/test", {{"id", "a"}, {"base_url", "http://h"}});
  check_described(tried, document, "TestReport");
  check_described(tried["steps"][0], document, "TestStep");
}

}  // namespace responses_proxy::testing
