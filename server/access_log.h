// AccessLog: a line for each request, and for each turn on a WebSocket, when it has ended.
//
// Role       What PROXY_ACCESS_LOG asks for. The records in the database say more; these lines are
//            for tools that read logs.
// Threads    write() and reopen() from any thread.
// Errors     The constructor throws std::runtime_error when the file cannot be opened. What could
//            not be written later is told to the log of events.
// Blocking   Never.
// Limits     Free of secrets, as the record is, and without bodies. kMaxLoggedText of one text;
//            LineWriter::kMaxQueued lines wait.
#pragma once

#include <string>

#include "log/line_writer.h"
#include "responses_proxy/config.h"
#include "responses_proxy/log.h"
#include "responses_proxy/request_record.h"

namespace responses_proxy {

// text: "2026-11-21T08:17:00.123Z POST /v1/responses 200 842ms request=req_1 resource=openai-...",
// what is absent left out, what holds blanks or quotes in quotes.
// json: the row of GET /admin/requests. Both end with a newline.
std::string access_line(const RequestRecord& record, AccessLogFormat format);

class AccessLog {
 public:
  AccessLog(AccessLogFormat format, std::string path, Log log);  // "" = standard error

  void write(const RequestRecord& record) { lines_.write(access_line(record, format_)); }
  void reopen() { lines_.reopen(); }

 private:
  LineWriter::Notes notes() const;

  const AccessLogFormat format_;
  const Log log_;
  LineWriter lines_;
};

}  // namespace responses_proxy
