// Work on a large body happens aside: the loop serves its other connections meanwhile.
#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <string>

#include "fakes/compressed.h"
#include "fakes/responses_bodies.h"
#include "fakes/wait_until.h"
#include "integration/chat_provider.h"
#include "integration/post.h"
#include "integration/raw_client.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kSmall = R"({"model":"small"})";
constexpr const char* kSmallChat = R"({"model":"m","input":"x"})";

// Keeps the work until the test does it.
class HeldHelpers final : public HelperThreads {
 public:
  bool run(std::function<void()> work) override {
    const std::scoped_lock lock(mutex_);
    if (full_) return false;
    held_.push_back(std::move(work));
    changed_.notify_all();
    return true;
  }
  void be_full() {
    const std::scoped_lock lock(mutex_);
    full_ = true;
  }
  // The oldest, once there is one; an empty one if none comes.
  std::function<void()> take() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, ScriptedUpstream::kPatience, [this] { return !held_.empty(); });
    if (held_.empty()) return {};
    std::function<void()> work = std::move(held_.front());
    held_.pop_front();
    return work;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> held_;
  bool full_ = false;
};

std::string large(const std::string& model, const std::string& members = "") {
  return R"({"model":")" + model + R"(","input":")" + std::string(1024 * 1024, 'x') + "\"" +
         members + "}";
}

// One loop for everything.
struct Rig {
  explicit Rig(const std::vector<std::string>& keys = {"sk-a"}, bool capture = false)
      : proxy(config(keys, capture), 1, nullptr, {}, false, &helpers) {}

  Config config(const std::vector<std::string>& keys, bool capture) const {
    Config config = config_for(upstream, keys);
    config.capture_bodies = capture;
    return config;
  }
  std::future<int> send(const std::string& body, const httplib::Headers& headers = {}) {
    return std::async(std::launch::async, [this, body, headers] {
      const auto result = post(proxy, body, headers);
      return result ? result->status : 0;
    });
  }
  // Does the next piece of held work, after the loop has served another request to its end.
  void serve_other_then_work() {
    const auto work = helpers.take();
    REQUIRE(work);
    const auto other = post(proxy, kSmall);
    REQUIRE(other);
    CHECK(other->status == 200);
    work();
  }

  ScriptedUpstream upstream;
  HeldHelpers helpers;
  TestProxy proxy;
};

}  // namespace

TEST_CASE("while a large body is read, others are served; it is forwarded as it came") {
  Rig rig;
  const std::string body = large("large", R"(,"metadata":{"session_id":"s"})");
  auto answer = rig.send(body);
  rig.serve_other_then_work();
  CHECK(answer.get() == 200);
  const auto requests = rig.upstream.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].body == body);
  CHECK(rig.proxy.records().wait_for(2)[1].session_id == "s");
}

TEST_CASE("a compressed body is decoded aside, however small it is") {
  Rig rig;
  const std::string body = R"({"model":"compressed"})";
  auto answer = rig.send(gzip(body), {{"content-encoding", "gzip"}});
  rig.serve_other_then_work();
  CHECK(answer.get() == 200);
  CHECK(rig.upstream.requests().at(1).body == body);

  auto broken = rig.send("no gzip", {{"content-encoding", "gzip"}});
  rig.serve_other_then_work();
  CHECK(broken.get() == 400);
}

TEST_CASE("what is wrong with a large body is said all the same") {
  Rig rig;
  auto answer = rig.send(large("large", R"(,"stream":7)"));
  rig.serve_other_then_work();
  CHECK(answer.get() == 400);
}

TEST_CASE("items that cannot be decrypted are left out aside") {
  Rig rig;
  rig.upstream.on_key(
      "sk-a", {error_reply(400, "invalid_request_error", "invalid_encrypted_content", "no")});
  const std::string items =
      R"("input":[{"type":"reasoning","encrypted_content":"x"},{"role":"user","content":")" +
      std::string(1024 * 1024, 'x') + R"("}])";
  auto answer = rig.send(R"({"model":"large",)" + items + "}");
  const auto reading = rig.helpers.take();
  REQUIRE(reading);
  reading();
  rig.upstream.wait_for_requests(1);
  rig.serve_other_then_work();
  CHECK(answer.get() == 200);
  const auto last = rig.upstream.requests().back();
  CHECK(last.body.find("encrypted_content") == std::string::npos);
  CHECK(last.body.size() > 1024 * 1024);
}

TEST_CASE("a large body is translated aside, a small one on the loop") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {document("first"), document("second"), document("third")});
  HeldHelpers helpers;
  TestProxy proxy(chat_config(upstream), 1, nullptr, {}, false, &helpers);
  REQUIRE(post(proxy, kSmallChat));  // nobody helps
  auto answer = std::async(std::launch::async, [&] { return post(proxy, large("m"))->body; });
  helpers.take()();  // it is read
  const auto translating = helpers.take();
  REQUIRE(translating);
  CHECK(post(proxy, kSmallChat)->body.find("second") != std::string::npos);
  CHECK(upstream.counts().requests == 2);
  translating();
  CHECK(answer.get().find("third") != std::string::npos);
  CHECK(upstream.requests().at(2).body.size() > 1024 * 1024);
}

TEST_CASE("a client that leaves while its large body is translated has sent nothing upstream") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {document("Hi")});
  HeldHelpers helpers;
  TestProxy proxy(chat_config(upstream), 1, nullptr, {}, false, &helpers);
  std::function<void()> translating;
  {
    RawClient client(proxy.port());
    client.post(large("m"));
    helpers.take()();  // it is read
    translating = helpers.take();
    REQUIRE(translating);
  }
  REQUIRE(post(proxy, kSmallChat));  // the loop has had time to hear of it
  translating();
  const auto records = proxy.records().wait_for(2);
  REQUIRE(records.size() == 2);
  CHECK(records[1].status_code == 499);
  CHECK(records[1].attempts.empty());
  CHECK(upstream.counts().requests == 1);
  CHECK(proxy.resource("openai-1")->active() == 0);
}

TEST_CASE("captured bodies are masked aside when they are large") {
  Rig rig({"sk-a"}, true);
  auto answer = rig.send(large("large"));
  rig.helpers.take()();
  CHECK(answer.get() == 200);
  rig.serve_other_then_work();  // the body is given back
  rig.serve_other_then_work();  // the bodies are masked
  const auto records = rig.proxy.records().wait_for(3);
  REQUIRE(records.size() == 3);
  CHECK(std::any_of(records.begin(), records.end(), [](const RequestRecord& record) {
    return record.request_body.size() > 1024 * 1024;
  }));
}

TEST_CASE("a client that leaves while its body is read has sent nothing upstream") {
  Rig rig;
  const std::string body = large("large");
  std::function<void()> work;
  {
    RawClient client(rig.proxy.port());
    client.send(
        "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    work = rig.helpers.take();
    REQUIRE(work);
  }
  REQUIRE(post(rig.proxy, kSmall));  // the loop has had time to hear of it
  work();
  const auto records = rig.proxy.records().wait_for(2);
  REQUIRE(records.size() == 2);
  CHECK(records[1].status_code == 499);
  CHECK(records[1].attempts.empty());
  CHECK(rig.upstream.counts().requests == 1);
}

TEST_CASE("with every helper busy the loop does the work itself") {
  Rig rig;
  rig.helpers.be_full();
  CHECK(rig.send(large("large")).get() == 200);
  CHECK(rig.send(gzip(kSmall), {{"content-encoding", "gzip"}}).get() == 200);
}

TEST_CASE("the helpers of the proxy itself do as well") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  for (int i = 0; i < 3; ++i) {
    const auto result = post(proxy, large("large"));
    REQUIRE(result);
    CHECK(result->status == 200);
  }
}

TEST_CASE("a byte order mark before the body is not part of it") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  const auto result = post(proxy, std::string("\xEF\xBB\xBF") + kSmall);
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(upstream.requests().at(0).body == kSmall);
}
