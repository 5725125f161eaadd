// ForeignReasoning: what becomes of a model's thoughts where the conversation goes on at another
// provider than the one that made them: their signature or encryption means nothing there.
#pragma once

#include <cstdint>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

enum class ForeignReasoning : std::uint8_t {
  drop,  // they are left out
  text,  // what can be read of them is told as something the assistant has said
};

}  // namespace responses_proxy
