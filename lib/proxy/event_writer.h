// EventWriter: a client that gets the events of an answer one by one, unframed: one on a socket.
#pragma once

#include "responses_proxy/answer.h"
#include "responses_proxy/response_writer.h"

namespace responses_proxy {

class EventWriter : public ResponseWriter {
 public:
  // In place of write() where the answer is a stream. false: as there.
  virtual bool event(const AnswerEvent& event) = 0;
};

}  // namespace responses_proxy
