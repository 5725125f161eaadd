#include "server/deploy/deployment.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "fakes/temp_folder.h"
#include "server/deploy/deploy_error.h"
#include "server/deploy/install_scripts.h"
#include "unit/server/deploy/fake_morph.h"

namespace responses_proxy {

namespace {

using testing::FakeMorph;
using Calls = std::vector<std::string>;

// A deployment whose every tool is here.
struct DeploymentRig {
  FakeMorph morph;
  DeploySettings settings;
  Calls said;
  std::vector<ProgramCall> programs;
  int ssh_exit_code = 0;
  testing::TempFolder folder;

  DeploymentRig() {
    settings.stage = "prod";
    settings.service = "rp";
    settings.api_url = "https://morph/api";
    settings.ssh_host = "ssh.morph";
    settings.api_key = Secret("key-of-the-test-0123");
    settings.builder_snapshot = "snapshot_builder";
    settings.environment = {{"OPENAI_API_KEY_1", "sk-secret-of-the-test", "..."}};
  }

  std::string run(const std::string& sha256 = "abc") {
    DeploymentTools tools;
    tools.send = morph.sender();
    tools.pause = [](Millis) {};
    tools.run = [this](const ProgramCall& call) {
      programs.push_back(call);
      return ProgramResult{ssh_exit_code, "told by ssh"};
    };
    tools.say = [this](const std::string& line) { said.push_back(line); };
    tools.folder = folder.path();
    return Deployment(settings, {"/tmp/bundle", sha256}, std::move(tools)).run();
  }

  std::string failure() {
    try {
      run();
    } catch (const DeployError& error) {
      return error.what();
    }
    return {};
  }
};

bool has_call(const Calls& calls, const std::string& call) {
  return std::find(calls.begin(), calls.end(), call) != calls.end();
}

}  // namespace

TEST_CASE("an instance is started, installed, exposed, waited for and kept") {
  DeploymentRig rig;
  CHECK(rig.run() == "https://rp-new.example");
  CHECK(rig.morph.calls ==
        Calls{"GET /instance?metadata%5Bservice%5D=rp",
              "POST /instance?snapshot_id=snapshot_builder", "GET /instance/morphvm_new1",
              "GET /instance/morphvm_new1", "POST /instance/morphvm_new1/exec",
              "GET /instance/morphvm_new1/ssh/key", "POST /instance/morphvm_new1/exec",
              "POST /instance/morphvm_new1/exec", "POST /instance/morphvm_new1/exec",
              "POST /instance/morphvm_new1/http", "GET /instance/morphvm_new1", "GET readyz",
              "POST /instance/morphvm_new1/metadata", "POST /instance/morphvm_new1/ttl",
              "POST /instance/morphvm_new1/wake-on"});
  const Json& metadata = rig.morph.instances.at("morphvm_new1")["metadata"];
  CHECK(metadata["service"] == "rp");
  CHECK(metadata["state"] == "serving");
  CHECK(metadata["deploy-id"].get<std::string>().size() == 12);
}

TEST_CASE("secrets go through the standard input of ssh, and nowhere else") {
  DeploymentRig rig;
  rig.run();
  REQUIRE(rig.programs.size() == 2);
  CHECK(rig.programs[0].input_file == "/tmp/bundle");
  CHECK(rig.programs[1].input == "OPENAI_API_KEY_1=\"sk-secret-of-the-test\"\n");
  const auto clean = [](const std::string& text) {
    return text.find("sk-secret-of-the-test") == std::string::npos;
  };
  for (const ProgramCall& call : rig.programs) {
    CHECK(call.words.front() == "ssh");
    CHECK(std::all_of(call.words.begin(), call.words.end(), clean));
    CHECK(has_call(call.words, "morphvm_new1@ssh.morph"));
  }
  for (const HttpCall& call : rig.morph.sent) CHECK(clean(call.body));
  CHECK(std::all_of(rig.said.begin(), rig.said.end(), clean));
}

TEST_CASE("the public URL is asked without the API's key") {
  DeploymentRig rig;
  rig.run();
  for (const HttpCall& call : rig.morph.sent) {
    if (call.url.ends_with("/readyz")) CHECK(call.headers.empty());
  }
}

TEST_CASE("deploying the same again does nothing, anything else replaces it") {
  DeploymentRig rig;
  rig.run();
  rig.morph.calls.clear();
  CHECK(rig.run() == "https://rp-new.example");
  CHECK(rig.morph.calls == Calls{"GET /instance?metadata%5Bservice%5D=rp", "GET readyz"});

  rig.run("another program");
  CHECK_FALSE(rig.morph.instances.contains("morphvm_new1"));
  CHECK(rig.morph.instances.contains("morphvm_new2"));
  CHECK(rig.morph.scripts.back() == stop_script());

  rig.settings.environment.push_back({"PROXY_MAX_ATTEMPTS", "5", "5"});
  rig.run("another program");
  CHECK(rig.morph.instances.contains("morphvm_new3"));
}

TEST_CASE("the same that serves no more is replaced") {
  DeploymentRig rig;
  rig.run();
  rig.morph.serves = false;
  CHECK(rig.failure() != "");  // it does not come up either
  CHECK(rig.morph.instances.contains("morphvm_new1"));
}

TEST_CASE("what fails is deleted, and the old instance stays") {
  struct Failing {
    const char* what;
    std::function<void(DeploymentRig&)> plant;
    const char* told;
  };
  HttpAnswer refused;
  refused.status = 403;
  refused.body = R"({"detail":"not allowed"})";
  for (const Failing& failing : std::vector<Failing>{
           {"a script", [](DeploymentRig& rig) { rig.morph.exec_exit_code = 1; },
            "told by the script"},
           {"ssh", [](DeploymentRig& rig) { rig.ssh_exit_code = 255; }, "told by ssh"},
           {"exposing",
            [&](DeploymentRig& rig) {
              rig.morph.instead.push_back({"POST /instance/morphvm_new1/http", refused});
            },
            "not allowed"},
           {"the public URL", [](DeploymentRig& rig) { rig.morph.serves = false; }, "/readyz"},
           {"its start", [](DeploymentRig& rig) { rig.morph.pending_polls = 1'000; },
            "is not ready"}}) {
    CAPTURE(failing.what);
    DeploymentRig rig;
    rig.morph.add_instance("morphvm_old",
                           {{"service", "rp"}, {"deploy-id", "old"}, {"state", "serving"}});
    failing.plant(rig);
    CHECK(rig.failure().find(failing.told) != std::string::npos);
    CHECK(rig.morph.instances.size() == 1);
    CHECK(rig.morph.instances.contains("morphvm_old"));
  }
}

TEST_CASE("what an earlier deployment left unfinished goes first") {
  DeploymentRig rig;
  rig.morph.add_instance("morphvm_half",
                         {{"service", "rp"}, {"deploy-id", "old"}, {"state", "starting"}});
  rig.morph.add_instance("morphvm_other", {{"service", "another"}, {"deploy-id", "x"}});
  rig.morph.add_instance("morphvm_by_hand", {{"service", "rp"}});
  rig.run();
  CHECK_FALSE(rig.morph.instances.contains("morphvm_half"));
  CHECK(rig.morph.instances.contains("morphvm_other"));
  CHECK(rig.morph.instances.contains("morphvm_by_hand"));
  CHECK(rig.morph.calls.at(1) == "DELETE /instance/morphvm_half");
}

TEST_CASE("an instance whose start was not answered is found by its metadata") {
  DeploymentRig rig;
  rig.morph.start_is_lost = true;
  CHECK(rig.run() == "https://rp-new.example");
  CHECK(rig.morph.instances.size() == 1);
}

TEST_CASE("without a builder a snapshot of the image is made, the same one each time") {
  DeploymentRig both;  // the builder wins
  both.settings.base_image = "morphvm-minimal";
  both.run();
  CHECK(has_call(both.morph.calls, "POST /instance?snapshot_id=" + both.settings.builder_snapshot));
  CHECK_FALSE(has_call(both.morph.calls, "POST /snapshot"));

  DeploymentRig rig;
  rig.settings.builder_snapshot.clear();
  rig.settings.base_image = "morphvm-minimal";
  rig.run();
  CHECK(rig.morph.calls.at(1) == "POST /snapshot");
  CHECK(Json::parse(rig.morph.sent.at(1).body) ==
        Json::parse(R"({"image_id":"morphvm-minimal","digest":"rp-server-base-morphvm-minimal"})"));
  CHECK(has_call(rig.morph.calls, "POST /instance?snapshot_id=snapshot_made"));
}

TEST_CASE("an old instance that does not go is a warning") {
  DeploymentRig rig;
  rig.morph.add_instance("morphvm_old",
                         {{"service", "rp"}, {"deploy-id", "old"}, {"state", "serving"}});
  HttpAnswer conflict;
  conflict.status = 409;
  conflict.body = R"({"detail":"saving"})";
  rig.morph.instead.push_back({"DELETE /instance/morphvm_old", conflict});
  CHECK(rig.run() == "https://rp-new.example");
  CHECK(rig.said.back().find("morphvm_old is still there") != std::string::npos);
}

TEST_CASE("values of the environment file come out of a shell as they went in") {
  DeploySettings settings;
  settings.environment = {{"A", R"(a"b\c$d`e f'g)", ""}, {"B", "x=1,2", ""}};
  CHECK(environment_file(settings) == "A=\"a\\\"b\\\\c\\$d\\`e f'g\"\nB=\"x=1,2\"\n");
}

}  // namespace responses_proxy
