// Decision: one pick, as it is shown while the request is still under way.
#pragma once

#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/selection_reason.h"
#include "responses_proxy/word.h"

namespace RP_PUBLIC responses_proxy {

struct Decision {
  std::string request_id;
  std::string session_id;
  std::string session_name;
  std::string resource_id;
  Word<SelectionReason> reason = SelectionReason::policy;
  WallTime created_at;
};

}  // namespace responses_proxy
