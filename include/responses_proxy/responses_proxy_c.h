// The C interface: picks among keys, and translates. It is in libresponses_proxy_core and in
// libresponses_proxy, and stays compatible as long as RP_C_ABI does.
//
// Role       For hosts in C, and in every language that can call C. The host does its own I/O: pick
//            a key, translate the request for it, send, hand in what comes back, finish.
// Texts      UTF-8 JSON unless it says otherwise. What goes in is read during the call and may be
//            NULL where its size is 0. What comes out is an rp_text of the caller's.
// Errors     No exception leaves a function. With RP_INVALID and RP_FAILED `answer` is a sentence,
//            free of secrets; with RP_WAIT and RP_REJECT an answer for the client, as JSON:
//            {"status", "headers": [[name, value], ...], "body"}. `answer` may be NULL.
// Threads    A balancer: any number of threads at once. A lease, a translation: one at a time.
// Ownership  What a function has made the caller destroys, once, in any order: leases and
//            translations keep alive what they need. NULL may be destroyed. No function keeps
//            what it was given.
// Blocking   Never; no thread is started.
// Limits     Sizes are the host's business; JSON may be nested 1024 deep.
#ifndef RESPONSES_PROXY_C_H
#define RESPONSES_PROXY_C_H

#include <stddef.h>
#include <stdint.h>

// Grows when a function or the meaning of a member changes, not when some are added.
#define RP_C_ABI 1

#define RP_C_PUBLIC __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

// NOLINTBEGIN(modernize-use-using): C has nothing else
typedef struct rp_balancer rp_balancer;
typedef struct rp_lease rp_lease;
typedef struct rp_translation rp_translation;

typedef enum rp_result {
  RP_OK = 0,
  RP_WAIT = 1,     // no key can be used now, one can later
  RP_REJECT = 2,   // the request cannot be served: answer the client
  RP_INVALID = 3,  // what was handed in is wrong
  RP_FAILED = 4    // out of memory, or a defect of the library
} rp_result;

// Bytes of the library's, with a NUL behind them: rp_text_free() takes them back. Every function
// overwrites its `answer`, so what is in there before does not matter; {NULL, 0} where there is
// nothing to say.
typedef struct rp_text {
  char* data;
  size_t size;
} rp_text;
// NOLINTEND(modernize-use-using)

RP_C_PUBLIC void rp_text_free(rp_text* text);
// "0.1.0"; never freed.
RP_C_PUBLIC const char* rp_version(void);
// The RP_C_ABI that the library was built with.
RP_C_PUBLIC int rp_abi(void);

// Makes a balancer from
//   {"resources": [{"id", "base_url", "api_key", ...}, ...], ...}
// All members, their defaults and what is refused: docs/embedding.md#c-and-other-languages.
RP_C_PUBLIC rp_result rp_create(const char* setup, size_t size, rp_balancer** balancer,
                                rp_text* answer);
// Puts resources and aliases in place of those there are; the other members are read by rp_create()
// alone. A resource that stays keeps its health; requests under way go on with what they have.
RP_C_PUBLIC rp_result rp_update(rp_balancer* balancer, const char* setup, size_t size,
                                rp_text* answer);
RP_C_PUBLIC void rp_destroy(rp_balancer* balancer);

// Picks a key for
//   {"model", "pool_id", "session_id", "response_id", "tried": [resource ids]}
// all of which may be left out. The key that serves `session_id` is preferred and remembered; the
// one that made `response_id` (rp_remember) is the only one. RP_OK: a lease, and in `answer`
//   {"resource_id", "base_url", "wire_api", "model", "reason"}
// `model` is the name to send, null for the client's own. RP_WAIT adds "retry_in_ms" to its answer.
RP_C_PUBLIC rp_result rp_pick(rp_balancer* balancer, const char* request, size_t size,
                              rp_lease** lease, rp_text* answer);
// The key that made a response or a conversation, from now on.
RP_C_PUBLIC rp_result rp_remember(rp_balancer* balancer, const char* response_id,
                                  const char* resource_id, rp_text* answer);

// What a request of the host's own needs at that resource: {"url", "headers": [[name, value],
// ...]}, the credential in them. `path` is relative to the base URL ("/responses"); NULL = none.
// Who translates has it in its call already.
RP_C_PUBLIC rp_result rp_authorize(const rp_lease* lease, const char* path, rp_text* answer);
// Ends the lease with what came back: `headers` [[name, value], ...] may be empty. How the key
// does now is in `answer`: {"health", "reason", "retry_in_ms"}.
RP_C_PUBLIC rp_result rp_finish(rp_lease* lease, int status, const char* headers, size_t size,
                                int64_t latency_ms, rp_text* answer);
// The same for an answer that was translated, once it has ended: errors inside a 200 count.
RP_C_PUBLIC rp_result rp_finish_translated(rp_lease* lease, const rp_translation* translation,
                                           int64_t latency_ms, rp_text* answer);
// The same where no answer came, or half of one. `word`: connect, connect_refused, connect_timeout,
// first_byte_timeout, idle_timeout, total_timeout, closed, truncated or protocol.
RP_C_PUBLIC rp_result rp_finish_failed(rp_lease* lease, const char* word, int64_t latency_ms,
                                       rp_text* answer);
// Without one of these before it a lease ends silently: the client has left, say.
RP_C_PUBLIC void rp_lease_destroy(rp_lease* lease);

// What a health check of the host's has found: a status with its headers; 0 for no answer.
RP_C_PUBLIC rp_result rp_report_health(rp_balancer* balancer, const char* resource_id, int status,
                                       const char* headers, size_t size, rp_text* answer);
// {"version", "policy", "resources": [...], "aliases": [...]}: settings, health and load; keys are
// masked.
RP_C_PUBLIC rp_result rp_describe(const rp_balancer* balancer, rp_text* answer);

// Makes the upstream's request of a client's:
//   {"method", "path", "query", "headers": [[name, value], ...], "history": [items]}
// and its body. Left out: POST, /v1/responses. RP_OK: `answer` has
//   {"method", "url", "headers": [[name, value], ...], "body"}
// `body` is null where the client's own goes up as it is. The credential stands in it.
RP_C_PUBLIC rp_result rp_translate(const rp_lease* lease, const char* request, size_t size,
                                   const char* body, size_t body_size, rp_translation** translation,
                                   rp_text* answer);
// Once, before anything else: the head for the client, {"status", "headers", "event_stream"}.
RP_C_PUBLIC rp_result rp_answer_head(rp_translation* translation, int status, const char* headers,
                                     size_t size, rp_text* answer);
// The upstream's body, in whatever pieces it comes: `answer` is what the client may have by now, as
// it goes over HTTP (no JSON of this interface).
RP_C_PUBLIC rp_result rp_answer_read(rp_translation* translation, const char* bytes, size_t size,
                                     rp_text* answer);
// The upstream has ended well: what is left for the client.
RP_C_PUBLIC rp_result rp_answer_finish(rp_translation* translation, rp_text* answer);
// It has ended too early: what tells the client so. RP_REJECT: only cutting the connection can.
RP_C_PUBLIC rp_result rp_answer_failed(rp_translation* translation, const char* message,
                                       rp_text* answer);
// What was learnt: {"response_id", "state", "complete", "usage": {...}, "fault": {...} or null}.
RP_C_PUBLIC rp_result rp_answer_facts(const rp_translation* translation, rp_text* answer);
RP_C_PUBLIC void rp_translation_destroy(rp_translation* translation);

#ifdef __cplusplus
}
#endif

#endif
