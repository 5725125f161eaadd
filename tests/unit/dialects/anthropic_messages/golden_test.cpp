// What an anthropic_messages provider is told and what its answers become, exchange by exchange.
#include <doctest/doctest.h>

#include "fakes/golden_translation.h"
#include "responses_proxy/dialect.h"
#include "source_dir.h"

TEST_CASE("anthropic_messages: golden exchanges, whole and cut at every byte") {
  const auto dialect = responses_proxy::make_anthropic_messages_dialect();
  responses_proxy::testing::check_golden_exchanges(
      *dialect, RP_SOURCE_DIR "/tests/golden/translation/anthropic_messages");
}
