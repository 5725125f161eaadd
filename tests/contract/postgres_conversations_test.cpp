#include "contract/conversations_contract.h"
#include "contract/kept_conversations_contract.h"
#include "contract/kept_responses_contract.h"
#include "contract/sql_conversations_backend.h"
#include "fakes/private_postgres.h"

namespace responses_proxy::testing {

namespace {

PrivatePostgres& postgres() {
  static PrivatePostgres instance;
  return instance;
}

struct Postgres : SqlBackend {
  Postgres() : SqlBackend(postgres().url(postgres().create_database())) {}
};

}  // namespace

STORED_CONVERSATIONS_CONTRACT(Postgres)
KEPT_RESPONSES_CONTRACT(Postgres)
KEPT_CONVERSATIONS_CONTRACT(Postgres)

}  // namespace responses_proxy::testing
