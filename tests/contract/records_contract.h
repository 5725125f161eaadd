// What a database of records must do, whichever it is. Run it on one with
//   RECORDS_CONTRACT(Backend)
// where Backend is default-constructible and holds an empty database:
//   std::unique_ptr<RecordDatabase> open();   // the same database each time
#pragma once

#include "contract/records/lists.h"
#include "contract/records/rows.h"
#include "contract/records/sums.h"

#define RECORDS_CONTRACT(Backend)                           \
  TEST_CASE_TEMPLATE_INVOKE(rs_round_trip, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(rs_fields, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(rs_idempotent, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(rs_places, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(rs_own_ids, Backend);           \
  TEST_CASE_TEMPLATE_INVOKE(rs_pages, Backend);             \
  TEST_CASE_TEMPLATE_INVOKE(rs_decision_pages, Backend);    \
  TEST_CASE_TEMPLATE_INVOKE(rs_page_sizes, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(rs_cursors, Backend);           \
  TEST_CASE_TEMPLATE_INVOKE(rs_words, Backend);             \
  TEST_CASE_TEMPLATE_INVOKE(rs_errors, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(rs_filters, Backend);           \
  TEST_CASE_TEMPLATE_INVOKE(rs_attempts, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(rs_decisions, Backend);         \
  TEST_CASE_TEMPLATE_INVOKE(rs_sessions, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(rs_usage, Backend);             \
  TEST_CASE_TEMPLATE_INVOKE(rs_usage_stretches, Backend);   \
  TEST_CASE_TEMPLATE_INVOKE(rs_usage_of_attempts, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(rs_background, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(rs_response, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(rs_texts, Backend);             \
  TEST_CASE_TEMPLATE_INVOKE(rs_bodies, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(rs_concurrent, Backend)
