// The C interface: picks a key, translates a request for it, reads the answer, tells how it went. A
// real host would send what rp_translate() gives, and hand in what it reads.
#include <stdio.h>
#include <string.h>

#include "responses_proxy/responses_proxy_c.h"

static const char kSetup[] =
    "{\"resources\": ["
    "  {\"id\": \"anthropic-1\", \"base_url\": \"https://api.anthropic.com\","
    "   \"wire_api\": \"anthropic_messages\", \"auth_type\": \"api_key\","
    "   \"api_key\": \"sk-ant-example-1111\"},"
    "  {\"id\": \"anthropic-2\", \"base_url\": \"https://api.anthropic.com\","
    "   \"wire_api\": \"anthropic_messages\", \"auth_type\": \"api_key\","
    "   \"api_key\": \"sk-ant-example-2222\", \"weight\": 2}],"
    " \"aliases\": [{\"name\": \"small\", \"targets\": [{\"model\": \"claude-haiku-4-5\"}]}]}";

static const char kBody[] = "{\"model\": \"small\", \"input\": \"hello\", \"stream\": true}";

// The upstream's answer, in the pieces in which the host has read it.
static const char* const kPieces[] = {
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",",
    "\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n"
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: message_delta\ndata: {\"type\":\"message_delta\","
    "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"};

// Shows the answer of a call and gives it back; ends the program where it is not what was hoped
// for.
static int show(const char* what, rp_result result, rp_text* answer) {
  printf("%s: %d %s\n", what, result, answer->size > 0 ? answer->data : "");
  rp_text_free(answer);
  return result == RP_OK;
}

// What of the answer the client may have by now goes to it at once.
static int forward(rp_result result, rp_text* answer, size_t* forwarded) {
  if (result != RP_OK) return 0;
  *forwarded += answer->size;
  fwrite(answer->data, 1, answer->size, stdout);
  rp_text_free(answer);
  return 1;
}

static int read_answer(rp_translation* translation, size_t* forwarded) {
  static const char kHeaders[] = "[[\"content-type\", \"text/event-stream\"]]";
  rp_text answer;
  rp_result result = rp_answer_head(translation, 200, kHeaders, strlen(kHeaders), &answer);
  if (!show("head", result, &answer)) return 0;
  for (size_t i = 0; i < sizeof kPieces / sizeof *kPieces; ++i) {
    result = rp_answer_read(translation, kPieces[i], strlen(kPieces[i]), &answer);
    if (!forward(result, &answer, forwarded)) return 0;
  }
  if (!forward(rp_answer_finish(translation, &answer), &answer, forwarded)) return 0;
  result = rp_answer_facts(translation, &answer);
  return show("facts", result, &answer);
}

static int serve(rp_balancer* balancer) {
  static const char kWish[] = "{\"model\": \"small\", \"session_id\": \"session-7\"}";
  rp_lease* lease;
  rp_translation* translation = NULL;
  rp_text answer;
  size_t forwarded = 0;
  int good = show("pick", rp_pick(balancer, kWish, strlen(kWish), &lease, &answer), &answer);
  if (good) {
    // The answer is the request to send, with the key in it: not for a log.
    good = rp_translate(lease, NULL, 0, kBody, strlen(kBody), &translation, &answer) == RP_OK;
    rp_text_free(&answer);
  }
  good = good && read_answer(translation, &forwarded) && forwarded > 0;
  if (good) {
    const rp_result finished = rp_finish_translated(lease, translation, 420, &answer);
    good = show("finish", finished, &answer);
  }
  rp_translation_destroy(translation);
  rp_lease_destroy(lease);
  return good;
}

int main(void) {
  rp_balancer* balancer;
  rp_text answer;
  if (rp_abi() != RP_C_ABI) return 1;
  if (!show("create", rp_create(kSetup, strlen(kSetup), &balancer, &answer), &answer)) return 1;
  int good = serve(balancer);
  // A health check of the host's own has found a key that is refused.
  good =
      show("report", rp_report_health(balancer, "anthropic-2", 401, NULL, 0, &answer), &answer) &&
      good;
  good = show("describe", rp_describe(balancer, &answer), &answer) && good;
  rp_destroy(balancer);
  return good ? 0 : 1;
}
