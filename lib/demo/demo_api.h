// DemoApi: what the demo upstream does with each request, apart from HTTP.
//
// Threads    Safe from any thread.
// Errors     OpenAI's statuses, texts and codes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/json.h"
#include "demo/demo_memory.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/random.h"
#include "responses_proxy/result.h"

namespace responses_proxy::demo {

class DemoApi {
 public:
  DemoApi(const Clock& clock, Random& random, std::size_t max_remembered)
      : clock_(clock),
        random_(random),
        responses_(max_remembered),
        conversations_(max_remembered) {}

  struct Created {
    Json response;  // complete
    std::string text;
    bool stream = false;  // the client wants events
  };
  Result<Created> create(const std::string& token, const std::string& body);
  Result<Json> compact(const std::string& body);
  Result<Json> input_tokens(const std::string& body) const;

  Result<Json> response(const std::string& token, const std::string& id) const;
  Result<Json> delete_response(const std::string& token, const std::string& id);
  Result<Json> cancel(const std::string& token, const std::string& id) const;
  Result<Json> input_items(const std::string& token, const std::string& id) const;

  Result<Json> create_conversation(const std::string& token, const std::string& body);
  Result<Json> conversation(const std::string& token, const std::string& id) const;
  Result<Json> delete_conversation(const std::string& token, const std::string& id);

  Result<Json> models() const;
  Result<Json> model(const std::string& id) const;

  std::string new_id(std::string_view prefix);

 private:
  Result<Json> validated(const std::string& token, const std::string& body) const;
  std::int64_t now() const;

  const Clock& clock_;
  Random& random_;
  DemoMemory responses_;  // {"response", "input_items"}
  DemoMemory conversations_;
};

}  // namespace responses_proxy::demo
