#include "sim/exchange/checks.h"

#include <algorithm>
#include <string>

namespace responses_proxy::sim {

namespace {

constexpr int kClientLeft = 499;

bool is_stream(const ResponseHead& head) {
  return head.status < 300 && head.headers.get("content-type") == "text/event-stream";
}

// A resource that does not know what is continued costs nothing, and so does not count.
bool counts(const AttemptRecord& attempt) {
  return attempt.status_code != 404 && attempt.error != "previous_response_not_found";
}

void check_attempts(const RequestRecord& record, const std::string& id, std::size_t max_attempts,
                    Promises& promises) {
  const auto counted = static_cast<std::size_t>(
      std::count_if(record.attempts.begin(), record.attempts.end(), counts));
  promises.expect(counted <= max_attempts, id, "never more than PROXY_MAX_ATTEMPTS attempts");
  for (const AttemptRecord& attempt : record.attempts) {
    promises.expect(attempt.blame != Blame::none || attempt.error.empty(), id,
                    "an attempt that failed has somebody to blame");
  }
}

void check_left(const RequestRecord& record, const std::string& id, Promises& promises) {
  promises.expect(record.status_code == kClientLeft, id, "499 for a client that has left");
  promises.expect(record.blame == Blame::client, id, "leaving is the client's doing");
  promises.expect(!record.completed, id, "no completed answer for a client that has left");
  promises.expect(record.error == "client_closed", id, "\"client_closed\" for one that has left");
}

// The terminal event and the record say the same.
void check_end(const SeenAnswer& seen, const RequestRecord& record, const std::string& id,
               Promises& promises) {
  const std::string who = id + " (" + seen.course() + ", " + record.error + ")";
  promises.expect(seen.ends() == 1, who, "exactly one terminal event");
  promises.expect(seen.gapless(), who, "sequence numbers without a gap");
  promises.expect(!seen.behind_the_end(), who, "nothing behind the terminal event");
  const bool well =
      seen.last_type() == "response.completed" || seen.last_type() == "response.incomplete";
  promises.expect(well == (record.blame == Blame::none), who, "blame for all but a good end");
  promises.expect(well == record.error.empty(), who, "an error on record for all but a good end");
  const bool cut = record.error == "truncated" || record.error == "shutting_down";
  promises.expect(record.completed == !cut, who, "completed, unless it was cut");
}

void check_document(const HttpClient& client, const RequestRecord& record, Promises& promises) {
  const bool finished = client.end() == HttpClient::End::finished;
  const std::string who = client.id() + " (" + std::to_string(client.head()->status) + " " +
                          client.body() + ", " + record.error + ")";
  promises.expect(record.completed == finished, who, "completed if it was finished");
  const bool well = client.head()->status < 400 && finished && record.error.empty();
  promises.expect(well == (record.blame == Blame::none), who, "blame for all but a good answer");
}

}  // namespace

void check(const HttpClient& client, const Records& records, std::size_t max_attempts,
           Promises& promises) {
  const std::string& id = client.id();
  promises.expect(records.size() == 1, id, "exactly one record");
  promises.expect(client.end() != HttpClient::End::none, id, "an end");
  if (records.size() != 1) return;
  const RequestRecord& record = *records.front();
  check_attempts(record, id, max_attempts, promises);
  const bool left = client.end() == HttpClient::End::left;
  promises.expect(client.head() || left, id, "an answer for a client that stays");
  if (!client.head()) return check_left(record, id, promises);
  SeenAnswer seen;
  const bool stream = is_stream(*client.head());
  if (stream) seen.add_stream(client.body());
  const bool has_all = stream && seen.ends() > 0 && !client.full();
  if (left && !has_all) return check_left(record, id, promises);
  promises.expect(record.status_code == client.head()->status, id, "the status that was sent");
  promises.expect(record.response_bytes == static_cast<std::int64_t>(client.body().size()), id,
                  "the bytes that were sent");
  stream ? check_end(seen, record, id, promises) : check_document(client, record, promises);
}

void check(const SocketClient& client, const SocketClient::Turn& turn, const Records& records,
           std::size_t max_attempts, Promises& promises) {
  const bool answered = turn.seen.ends() > 0;
  promises.expect(records.size() <= 1, turn.id, "not more than one record");
  promises.expect(records.size() == 1 || (!answered && !client.stayed()), turn.id,
                  "a record for a turn that was answered");
  promises.expect(answered || !client.stayed(), turn.id, "an answer for a client that stays");
  const std::string who = turn.id + " (" + turn.seen.course() + ")";
  promises.expect(turn.seen.ends() <= 1, who, "not more than one terminal event");
  promises.expect(turn.seen.gapless(), who, "sequence numbers without a gap");
  if (records.size() != 1) return;
  const RequestRecord& record = *records.front();
  promises.expect(record.method == "WEBSOCKET", turn.id, "a turn's record says so");
  check_attempts(record, turn.id, max_attempts, promises);
  if (!answered) return check_left(record, turn.id, promises);
  if (!turn.taken && !client.stayed() && record.status_code == kClientLeft) return;
  if (turn.seen.last_type() != "error") check_end(turn.seen, record, turn.id, promises);
}

}  // namespace responses_proxy::sim
