#include "dialects/chat_completions/chat_presets.h"

#include <algorithm>
#include <array>

namespace responses_proxy {

namespace {

struct Preset {
  std::string_view name;
  std::string_view host;  // or the end of one; "" = any, by name only
  std::string_view json;
};

constexpr std::array kPresets = {
    Preset{"openai", "api.openai.com",
           R"({"max_tokens_field":"max_completion_tokens","developer_role":true,)"
           R"("efforts":["none","minimal","low","medium","high","xhigh","max"],)"
           R"("allowed_tools":true,"verbosity":true,"files":true,)"
           R"("fields":["user","safety_identifier","prompt_cache_key","prompt_cache_retention",)"
           R"("service_tier"]})"},
    Preset{"azure_openai", ".openai.azure.com",
           R"({"max_tokens_field":"max_completion_tokens","developer_role":true,)"
           R"("efforts":["none","minimal","low","medium","high","xhigh","max"],)"
           R"("allowed_tools":true,"verbosity":true,"fields":["user","prompt_cache_key"]})"},
    Preset{"deepseek", "api.deepseek.com",
           R"({"reasoning_field":"reasoning_content","reasoning_required":true,)"
           R"("efforts":["low","high"],"effort_off":{"thinking":{"type":"disabled"}},)"
           R"("sampling":false,"strict":false,"parallel_tool_calls":false,)"
           R"("structured_output":"json_object","images":false})"},
    Preset{"moonshot", "api.moonshot.ai",
           R"({"reasoning_field":"reasoning_content","reasoning_required":true,"effort_field":"",)"
           R"("effort_off":{"thinking":{"type":"disabled"}},"sampling":false,"strict":false,)"
           R"("fields":["prompt_cache_key","safety_identifier"]})"},
    Preset{"moonshot_cn", "api.moonshot.cn",
           R"({"reasoning_field":"reasoning_content","reasoning_required":true,"effort_field":"",)"
           R"("effort_off":{"thinking":{"type":"disabled"}},"sampling":false,"strict":false,)"
           R"("fields":["prompt_cache_key","safety_identifier"]})"},
    Preset{"openrouter", "openrouter.ai",
           R"({"reasoning_field":"reasoning_details","effort_field":"reasoning.effort",)"
           R"("effort_off":{"reasoning":{"enabled":false}},"verbosity":true,"files":true,)"
           R"("fields":["user"]})"},
    Preset{"groq", "api.groq.com",
           R"({"max_tokens_field":"max_completion_tokens","reasoning_field":"reasoning",)"
           R"("fields":["user","service_tier"]})"},
    Preset{"mistral", "api.mistral.ai",
           R"({"effort_field":"","strict":true,"stream_usage":false})"},
    Preset{"xai", "api.x.ai",
           R"({"efforts":["low","high"],"max_tokens_field":"max_completion_tokens",)"
           R"("fields":["user"]})"},
    Preset{"google", "generativelanguage.googleapis.com",
           R"({"efforts":["none","minimal","low","medium","high"],"strict":false})"},
    Preset{"vllm", "", R"({"reasoning_field":"reasoning","strict":false})"},
    Preset{"sglang", "", R"({"reasoning_field":"reasoning_content","strict":false})"},
    Preset{"llama_cpp", "",
           R"({"reasoning_field":"reasoning_content","strict":false,"effort_field":""})"},
    Preset{"ollama", "", R"({"reasoning_field":"reasoning","strict":false})"},
    Preset{"lm_studio", "", R"({"reasoning_field":"reasoning","strict":false})"},
};

// "api.x.com" of "https://api.x.com:443/v1".
std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of(":/"));
}

bool is_of(std::string_view host, std::string_view preset) {
  if (preset.empty()) return false;
  return preset.starts_with('.') ? host.ends_with(preset) : host == preset;
}

}  // namespace

std::string_view chat_preset(std::string_view name, std::string_view base_url) {
  const std::string_view host = host_of(base_url);
  const auto named = std::find_if(kPresets.begin(), kPresets.end(),
                                  [&](const Preset& one) { return one.name == name; });
  if (named != kPresets.end()) return named->json;
  const auto there = std::find_if(kPresets.begin(), kPresets.end(),
                                  [&](const Preset& one) { return is_of(host, one.host); });
  return there != kPresets.end() ? there->json : "{}";
}

}  // namespace responses_proxy
