// AnthropicSettings: what one model behind the Messages API takes, and another does not, as data.
//
//   family               the model whose generation counts, where the name says nothing
//   endpoint_path        "messages"
//   version              of the API: the header anthropic-version
//   bearer               the key goes up as Authorization: Bearer, not as x-api-key
//   thinking             "adaptive" | "budget" | "none"
//   always_thinks        thinking cannot be switched off
//   display              of adaptive thinking: "summarized" | "omitted"
//   efforts              of adaptive thinking; others become the next higher one, or the highest
//   budgets              of tokens, by effort
//   sampling             temperature or top_p may be sent
//   default_max_tokens   where the request has no limit; thinking counts
//   structured_output    answers can be held to a schema; else they are asked to keep to it
//   automatic_caching    the provider finds out itself what to cache; else blocks are marked
//   cache_ttl            "5m" | "1h"; "" = not said
//   images, files        may stand in messages
//   foreign_reasoning    "drop" | "text": thoughts that another provider has made
//   body                 members that are added to every request
//
// Role       Read from, later ones winning: the generation of the model, the host of the base URL,
//            Resource::dialect_config, Turn::capabilities. The newer version of the API knows no
//            sampling, whatever these say.
// Errors     None: what is of another type, or not known, counts as not said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "responses_proxy/resource.h"

namespace responses_proxy {

struct AnthropicSettings {
  std::string endpoint_path = "messages";
  std::string version = "2023-06-01";
  bool bearer = false;
  std::string thinking = "none";
  bool always_thinks = false;
  std::string display = "summarized";
  std::vector<std::string> efforts = {"low", "medium", "high"};
  std::vector<std::pair<std::string, std::int64_t>> budgets;
  bool sampling = true;
  std::int64_t default_max_tokens = 8192;
  bool structured_output = false;
  bool automatic_caching = false;
  std::string cache_ttl;
  bool images = true;
  bool files = true;
  std::string foreign_reasoning;  // "" = as the proxy is set
  std::string body;               // a JSON object; "" = nothing
};

// `model`: as the upstream knows it.
AnthropicSettings anthropic_settings(const Resource& resource, std::string_view model,
                                     std::string_view capabilities);

}  // namespace responses_proxy
