// Whatever a host of the C interface hands in, in whatever order: every call ends with a result and
// a text, none with a defect. The input is a script: a setup in the first line, then a call in
// each, its first letter says which; "~" stands for a line end.
#include <algorithm>
#include <cstring>
#include <string>

#include "fuzz_input.h"
#include "responses_proxy/responses_proxy_c.h"

namespace responses_proxy::fuzz {

namespace {

constexpr std::string_view kSetup =
    R"({"resources":[{"id":"one","base_url":"http://a/v1","api_key":"sk-1111"},)"
    R"({"id":"two","base_url":"http://b","wire_api":"chat_completions"},)"
    R"({"id":"three","base_url":"http://c","wire_api":"anthropic_messages"}],"cooldown_ms":0})";

class Script {
 public:
  explicit Script(std::string_view setup) {
    make(setup);
    if (balancer_ == nullptr) make(kSetup);
    require(balancer_ != nullptr);
  }
  ~Script() {
    // In an order that a host may choose.
    rp_destroy(balancer_);
    rp_translation_destroy(translation_);
    rp_lease_destroy(lease_);
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  void run(char call, const std::string& text) {
    const char* data = text.data();
    const std::size_t size = text.size();
    switch (call) {
      case 'u':
        return check(rp_update(balancer_, data, size, &answer_));
      case 'p':
        rp_lease_destroy(lease_);
        return check(rp_pick(balancer_, data, size, &lease_, &answer_));
      case 'b':
        return translate("", text);
      case 'q':
        return translate(text, R"({"model":"m","input":"hello","stream":true})");
      case 'h':
        return check(rp_answer_head(translation_, 200, data, size, &answer_));
      case 'e':
        return check(rp_answer_head(translation_, 429, data, size, &answer_));
      case 'r':
        return check(rp_answer_read(translation_, data, size, &answer_));
      case 'f':
        return check(rp_answer_finish(translation_, &answer_));
      case 'x':
        return check(rp_answer_failed(translation_, text.c_str(), &answer_));
      case 'a':
        return check(rp_answer_facts(translation_, &answer_));
      case 't':
        return check(rp_finish_translated(lease_, translation_, 1, &answer_));
      case 'l':
        return check(rp_finish(lease_, 429, data, size, 1, &answer_));
      case 'w':
        return check(rp_finish_failed(lease_, text.c_str(), 1, &answer_));
      case 'z':
        return check(rp_authorize(lease_, text.c_str(), &answer_));
      case 'm':
        return check(rp_report_health(balancer_, text.c_str(), 200, nullptr, 0, &answer_));
      case 's':
        return check(rp_remember(balancer_, text.c_str(), "one", &answer_));
      default:
        return check(rp_describe(balancer_, &answer_));
    }
  }

 private:
  void make(std::string_view setup) {
    check(rp_create(setup.data(), setup.size(), &balancer_, &answer_));
  }
  void translate(const std::string& request, const std::string& body) {
    rp_translation_destroy(translation_);
    check(rp_translate(lease_, request.data(), request.size(), body.data(), body.size(),
                       &translation_, &answer_));
  }
  void check(rp_result result) {
    require(result >= RP_OK && result < RP_FAILED);
    require(answer_.data == nullptr ? answer_.size == 0 : answer_.data[answer_.size] == '\0');
    rp_text_free(&answer_);
    require(answer_.data == nullptr);
  }

  rp_text answer_{nullptr, 0};
  rp_balancer* balancer_ = nullptr;
  rp_lease* lease_ = nullptr;
  rp_translation* translation_ = nullptr;
};

std::string_view line(std::string_view& text) {
  const std::string_view first = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), first.size() + 1));
  return first;
}

}  // namespace

void run(FuzzInput input) {
  std::string_view text = input.rest();
  Script script(line(text));
  while (!text.empty()) {
    const std::string_view call = line(text);
    if (call.empty()) continue;
    std::string argument(call.substr(1));
    std::replace(argument.begin(), argument.end(), '~', '\n');
    script.run(call.front(), argument);
  }
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
