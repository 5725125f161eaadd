// Every answer of the control plane that is an error: it says what is wrong, where, and what to do.
#include <doctest/doctest.h>

#include <fstream>
#include <future>
#include <iterator>
#include <regex>
#include <set>

#include "control/answer.h"
#include "source_dir.h"
#include "unit/control/registry_fixture.h"

namespace responses_proxy::testing {

namespace {

// Need another writer or a provider at just that moment. Their texts are not read here.
const std::set<std::string> kNotProvoked = {"registry_busy", "provider_test_busy",
                                            "too_many_event_streams"};
const std::string kToken = "token-of-the-operators";

struct ErrorWalk : RegistryFixture {
  ErrorWalk() {
    config.admin_token = Secret(kToken);
    config.allowed_hosts = {"127.0.0.1"};
    Json file{{"providers", Json::array()}, {"models", Json::array()}};
    for (int i = 0; i < 999; ++i) {  // one less than there can be
      Json provider = provider_body("p" + std::to_string(i), {{"auth_type", "none"}});
      provider.erase("api_key");
      file["providers"].push_back(provider);
    }
    rig.write("registry.json", file.dump());
    rig.options.file = rig.path("registry.json");
    made = rig.start();
    registry = made.get();
  }

  // Its message has these words.
  void expect(const std::string& code, const httplib::Response& response,
              const std::vector<std::string>& words) {
    CAPTURE(code);
    CAPTURE(response.body);
    const Json error = error_of(response);
    CHECK(error.value("code", "") == code);
    const std::string message = error.value("message", "");
    for (const std::string& word : words) {
      CAPTURE(word);
      CHECK(message.find(word) != std::string::npos);
    }
    seen.insert(code);
  }
  void expect(const std::string& code, const Error& error, const std::vector<std::string>& words) {
    httplib::Response response;
    control::send_error(response, error);
    expect(code, response, words);
  }
  // A change to what is registered.
  httplib::Response change(const std::string& method, const std::string& path,
                           const std::string& body = {}, httplib::Headers headers = {}) {
    headers.emplace("Authorization", "Bearer " + kToken);
    return send_body(method, path, body, std::move(headers));
  }

  void walk_requests() {
    expect("invalid_parameter", get("/admin/requests?limit=0"), {"limit", "from 1 to 1000"});
    expect("invalid_parameter", get("/admin/requests?sessions=a"),
           {"sessions", "/admin/requests", "it takes limit, cursor"});
    expect("invalid_parameter", change("GET", "/admin/models?model=a"),
           {"model", "/admin/models", "it takes limit, cursor, enabled, provider_id"});
    expect("invalid_admin_token", get("/admin/providers"), {"Authorization: Bearer"});
    expect("origin_not_allowed", get("/", {{"Origin", "https://evil.test"}}),
           {"https://evil.test", "PROXY_ALLOWED_ORIGINS"});
    expect("host_not_allowed", get("/", {{"Host", "evil.test"}}),
           {"evil.test", "PROXY_ALLOWED_HOSTS"});
    expect("unknown_path", get("/admin/nothing"), {"/admin/nothing", "/docs lists"});
    expect("method_not_allowed", send("DELETE", "/healthz"), {"DELETE", "/healthz", "takes GET"});
    expect("body_too_large", change("POST", "/admin/providers", std::string(1'048'577, ' ')),
           {"/admin/providers", "1048576", "send less"});
    expect("url_too_long", get("/" + std::string(10'000, 'a')), {"8192", "shorter"});
    expect("unsupported_media_type",
           change("POST", "/admin/providers", "", {{"Content-Type", "multipart/form-data"}}),
           {"/admin/providers", "multipart/form-data", "send JSON"});
    expect("bad_request", control::error_of_status(400, {}), {"HTTP/1.1", "Content-Length"});
    expect("internal_error", get("/admin/state"), {"GET /admin/state", "Try again", "report"});
  }

  void walk_registry() {
    const std::string p1 = provider_body("p1").dump();
    expect("invalid_json", change("POST", "/admin/providers", "[]"),
           {"The body of the request", "It must be one"});
    expect("invalid_header", change("POST", "/admin/providers", p1, {{"If-Match", "x"}}),
           {"If-Match", "ETag"});
    expect("precondition_failed", change("POST", "/admin/providers", p1, {{"If-Match", "\"99\""}}),
           {"condition", "read it again"});
    expect("validation_failed", change("POST", "/admin/providers", R"({"id":"a b"})"),
           {"id:", "base_url:"});
    CHECK(change("POST", "/admin/providers", provider_body("own").dump()).status == 201);
    expect("registry_full", change("POST", "/admin/providers", provider_body("q").dump()),
           {"1000", "delete"});
    expect("set_by_file", change("PATCH", "/admin/providers/p1", R"({"weight":2})"),
           {"PROXY_REGISTRY_FILE", "change it there"});
    const Json wordy = provider_body("p1", {{"metadata", {{"a", std::string(300'000, 'a')}}}});
    expect("record_too_large", change("POST", "/admin/providers", wordy.dump()),
           {"262144", "shorten"});
    CHECK(change("POST", "/admin/providers", p1).status < 300);
    CHECK(change("POST", "/admin/models", alias_body("kimi/k2", "own").dump()).status < 300);
    expect("provider_in_use", change("DELETE", "/admin/providers/own"),
           {"own", "kimi/k2", "?cascade=true"});
    expect("provider_not_found", change("GET", "/admin/providers/no"),
           {"\"no\"", "GET /admin/providers"});
    expect("model_not_found", change("GET", "/admin/models/no"), {"\"no\"", "GET /admin/models"});

    expect("secret_encryption_key_missing",
           refused_fields({{"api_key", std::string(kNoEncryptionKey)}}).error,
           {"Set PROXY_SECRET_ENCRYPTION_KEY"});
  }

  void walk_records_and_checks() {
    expect("request_not_found", get("/admin/requests/req-7"),
           {"\"req-7\"", "GET /admin/requests", "when it has ended"});
    expect("session_not_found", get("/admin/sessions/s-7"), {"\"s-7\"", "GET /admin/sessions"});
    records.fails = true;
    expect("database_unavailable", get("/admin/requests"), {"database", "Try again", "the log"});
    const auto check = [this] { return send("POST", "/admin/health/check"); };
    auto first = std::async(std::launch::async, check);
    auto second = std::async(std::launch::async, check);
    health.wait_for_checks(2);
    expect("health_check_busy", check(), {"again", "/admin/state"});
    clock.advance(Millis(3'600'000));
    for (auto* late : {&first, &second}) {
      expect("health_check_timeout", late->get(),
             {" s. ", "/admin/state", "PROXY_HEALTH_CHECK_TIMEOUT_SECONDS"});
    }
    health.answer_pending();
  }

  std::set<std::string> seen;
};

// The codes in the table of docs/api.md.
std::set<std::string> documented_codes() {
  std::ifstream file(RP_SOURCE_DIR "/docs/api.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const std::string errors = page.substr(page.find("\n## Errors"));
  const std::string table = errors.substr(0, errors.find("\n## ", 1));
  const std::regex row("\n\\| [0-9, ]+ \\|([^|]+)\\|");
  const std::regex code("`(\\w+)`");
  std::set<std::string> codes;
  for (std::sregex_iterator at(table.begin(), table.end(), row), end; at != end; ++at) {
    const std::string cell = (*at)[1];
    for (std::sregex_iterator name(cell.begin(), cell.end(), code); name != end; ++name) {
      codes.insert((*name)[1]);
    }
  }
  return codes;
}

}  // namespace

TEST_CASE_FIXTURE(ErrorWalk, "every error says what is wrong, where, and what to do") {
  telemetry_stream = []() -> StreamStats { throw std::runtime_error("of no kind that is known"); };
  health.silent = true;
  start();
  walk_requests();
  walk_registry();
  walk_records_and_checks();
  seen.insert(kNotProvoked.begin(), kNotProvoked.end());
  CHECK(seen == documented_codes());
}

}  // namespace responses_proxy::testing
