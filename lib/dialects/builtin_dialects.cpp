#include "dialects/builtin_dialects.h"

namespace responses_proxy {

std::vector<std::unique_ptr<Dialect>> make_builtin_dialects() {
  std::vector<std::unique_ptr<Dialect>> dialects;
  dialects.push_back(make_responses_dialect());
  dialects.push_back(make_chat_completions_dialect());
  dialects.push_back(make_anthropic_messages_dialect());
  return dialects;
}

}  // namespace responses_proxy
