// A model as OpenAI's list of models has it.
#pragma once

#include <string>

#include "core/json.h"

namespace responses_proxy {

inline Json model_object(const std::string& name) {
  return {{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "responses-proxy"}};
}

}  // namespace responses_proxy
