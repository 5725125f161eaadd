// What a chat_completions provider is told and what its answers become, exchange by exchange.
#include <doctest/doctest.h>

#include "fakes/golden_translation.h"
#include "responses_proxy/dialect.h"
#include "source_dir.h"

TEST_CASE("chat_completions: golden exchanges, whole and cut at every byte") {
  const auto dialect = responses_proxy::make_chat_completions_dialect();
  responses_proxy::testing::check_golden_exchanges(
      *dialect, RP_SOURCE_DIR "/tests/golden/translation/chat_completions");
}
