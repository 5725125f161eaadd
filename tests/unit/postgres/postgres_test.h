// The server all tests of this program share.
#pragma once

#include "fakes/private_postgres.h"

namespace responses_proxy::testing {

inline PrivatePostgres& postgres() {
  static PrivatePostgres instance;
  return instance;
}

}  // namespace responses_proxy::testing
