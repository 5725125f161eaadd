// What stands behind the handles of the C interface.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "c_api/picker.h"
#include "responses_proxy/request.h"
#include "responses_proxy/responses_proxy_c.h"

struct rp_balancer {
  std::shared_ptr<responses_proxy::c_api::Picker> picker;
};

struct rp_lease {
  // Throws Invalid once it is finished.
  const responses_proxy::Lease& held() const {
    if (!lease) throw responses_proxy::c_api::Invalid("the lease is finished");
    return *lease;
  }

  std::shared_ptr<responses_proxy::c_api::Picker> picker;  // the name of the policy is in it
  std::string alias;                                       // that has led there, "" if none has
  std::optional<responses_proxy::Lease> lease;             // until it is finished
};

struct rp_translation {
  std::shared_ptr<responses_proxy::c_api::Picker> picker;
  // What it answers stays as long as it is read.
  responses_proxy::Request request;
  std::string model;
  std::string response_id;
  std::string alias;
  std::unique_ptr<responses_proxy::Translation> translation;
  enum class Step { made, open, ended } step = Step::made;
};
