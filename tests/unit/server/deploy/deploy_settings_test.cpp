#include "server/deploy/deploy_settings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "server/deploy/deployment.h"

namespace responses_proxy {

namespace {

using Variables = std::map<std::string, std::string>;

const Variables kWhole{{"MORPH_API_KEY", "morph-key-of-the-test"},
                       {"MORPH_BUILDER_SNAPSHOT_ID", "snapshot_1"},
                       {"OPENAI_API_KEY_1", "sk-first-key-of-the-test"},
                       {"PROXY_DATABASE_URL", "postgresql://me:pass-of-the-test@db/proxy"}};

ReadDeploySettings read_with(const Variables& changes, DeployOptions options = {}) {
  Variables variables = kWhole;
  for (const auto& [name, value] : changes) variables[name] = value;
  return read_deploy_settings(options, [variables](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

// The variables that the errors begin with.
std::vector<std::string> named_in(const std::vector<std::string>& errors) {
  std::vector<std::string> names;
  for (const std::string& error : errors) names.push_back(error.substr(0, error.find(':')));
  std::sort(names.begin(), names.end());
  return names;
}

using VariableNames = std::vector<std::string>;

std::string value_there(const ReadDeploySettings& read, const std::string& name) {
  for (const ServerVariable& one : read.settings.environment) {
    if (one.name == name) return one.value;
  }
  return {};
}

}  // namespace

TEST_CASE("what the documents name is enough to deploy") {
  const ReadDeploySettings read = read_with({});
  CHECK(read.errors.empty());
  CHECK(read.settings.api_url == "https://cloud.morph.so/api");
  CHECK(read.settings.ssh_host == "ssh.cloud.morph.so");
  CHECK(read.settings.builder_snapshot == "snapshot_1");
  CHECK(value_there(read, "PROXY_HOST") == "0.0.0.0");
  CHECK(value_there(read, "PROXY_PORT") == "8000");
  CHECK(value_there(read, "OPENAI_API_KEY_1") == "sk-first-key-of-the-test");
}

TEST_CASE("everything that is wrong is told at once") {
  const ReadDeploySettings read = read_with({{"MORPH_API_KEY", ""},
                                             {"MORPH_BUILDER_SNAPSHOT_ID", ""},
                                             {"OPENAI_API_KEY_1", ""},
                                             {"PROXY_DATABASE_URL", ""}});
  CHECK(named_in(read.errors) == VariableNames{"MORPH_API_KEY", "MORPH_BUILDER_SNAPSHOT_ID",
                                               "OPENAI_API_KEY_1", "PROXY_DATABASE_URL"});
  CHECK(named_in(read_with({{"PROXY_MAX_ATTEMPTS", "many"}, {"MORPH_API_KEY", ""}}).errors) ==
        VariableNames{"MORPH_API_KEY", "PROXY_MAX_ATTEMPTS"});
}

TEST_CASE("the stage decides which key and which host") {
  const Variables keys{{"MORPH_API_KEY", ""},
                       {"MORPH_API_KEY_PROD", "key-of-production"},
                       {"MORPH_API_KEY_STAGE", "key-of-the-stage"}};
  const auto prod = read_with(keys).settings;
  CHECK(prod.api_key.reveal() == "key-of-production");
  CHECK(prod.api_key_variable == "MORPH_API_KEY_PROD");
  const auto stage = read_with(keys, {.stage = "stage"}).settings;
  CHECK(stage.api_key.reveal() == "key-of-the-stage");
  CHECK(stage.api_url == "https://stage.morph.so/api");
  CHECK(stage.ssh_host == "ssh.stage.morph.so");
  Variables both = keys;
  both["MORPH_API_KEY"] = "key-as-handed-over";
  CHECK(read_with(both).settings.api_key_variable == "MORPH_API_KEY");
}

TEST_CASE("the key never goes out in the clear, but to this machine") {
  CHECK(named_in(read_with({{"MORPH_BASE_URL", "http://cloud.example/api"}}).errors) ==
        VariableNames{"MORPH_BASE_URL"});
  CHECK(named_in(read_with({{"MORPH_BASE_URL", "http://127.0.0.1.example:80/"}}).errors) ==
        VariableNames{"MORPH_BASE_URL"});
  const auto local = read_with({{"MORPH_BASE_URL", "http://127.0.0.1:9000/api/"}});
  CHECK(local.errors.empty());
  CHECK(local.settings.api_url == "http://127.0.0.1:9000/api");
}

TEST_CASE("what would not work on the instance is refused") {
  for (const auto& [name, value] :
       Variables{{"PROXY_DATABASE_URL", "sqlite:////var/lib/records.sqlite3"},
                 {"PROXY_REGISTRY_FILE", "/etc/registry.json"},
                 {"MODEL_CATALOG_JSON", "/etc/models.json"},
                 {"PROXY_UPSTREAM_CA_FILE", "/etc/ca.pem"},
                 {"PROXY_ADMIN_BIND", "127.0.0.1:8001"}}) {
    CAPTURE(name);
    CHECK(named_in(read_with({{name, value}}).errors) == VariableNames{name});
  }
  CHECK(named_in(read_with({{"PROXY_TLS_CERT_FILE", "/etc/cert.pem"},
                            {"PROXY_TLS_KEY_FILE", "/etc/key.pem"},
                            {"PROXY_TLS_CLIENT_CA_FILE", "/etc/clients.pem"}})
                     .errors) ==
        VariableNames{"PROXY_TLS_CERT_FILE", "PROXY_TLS_CLIENT_CA_FILE", "PROXY_TLS_KEY_FILE"});
  CHECK(named_in(read_with({}, {.service = "My Service"}).errors) == VariableNames{"--service"});
  CHECK(named_in(read_with({{"MORPH_API_KEY", "\"quoted\""}}).errors) ==
        VariableNames{"MORPH_API_KEY"});
}

TEST_CASE("where it listens here is not where it listens there") {
  const auto read = read_with({{"PROXY_HOST", "127.0.0.1"}, {"PROXY_PORT", "9000"}});
  CHECK(value_there(read, "PROXY_HOST") == "0.0.0.0");
  CHECK(value_there(read, "PROXY_PORT") == "8000");
}

TEST_CASE("open doors are warned about") {
  const auto warned = [](const ReadDeploySettings& read, const std::string& name) {
    return std::any_of(read.warnings.begin(), read.warnings.end(),
                       [&](const std::string& one) { return one.starts_with(name); });
  };
  for (const char* name :
       {"PROXY_ADMIN_TOKEN", "PROXY_SECRET_ENCRYPTION_KEY", "PROXY_CLIENT_TOKENS"}) {
    CHECK(warned(read_with({}), name));
  }
  CHECK_FALSE(
      warned(read_with({{"PROXY_ADMIN_TOKEN", "token-of-the-operators"}}), "PROXY_ADMIN_TOKEN"));
}

TEST_CASE("the plan has every setting and no secret") {
  const auto read =
      read_with({{"PROXY_ADMIN_TOKEN", "token-of-the-operators"},
                 {"PROXY_SECRET_ENCRYPTION_KEY", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="},
                 {"PROXY_MAX_ATTEMPTS", "5"}});
  const std::string plan = plan_text(read.settings) + outside_text(read.settings);
  for (const char* told : {"snapshot_1", "PROXY_MAX_ATTEMPTS=5", "PROXY_ADMIN_TOKEN=...",
                           "PROXY_SECRET_ENCRYPTION_KEY=...",
                           "agent-responses-proxy.svc.cloud.morph.so", "MORPH_API_KEY"}) {
    CAPTURE(told);
    CHECK(plan.find(told) != std::string::npos);
  }
  for (const char* secret : {"morph-key-of-the-test", "sk-first-key-of-the-test",
                             "pass-of-the-test", "token-of-the-operators", "YWFhYWFhYWFh"}) {
    CAPTURE(secret);
    CHECK(plan.find(secret) == std::string::npos);
  }
}

}  // namespace responses_proxy
