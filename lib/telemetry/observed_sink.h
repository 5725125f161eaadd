// ObservedSink: shows each record to a function before it goes on.
#pragma once

#include <functional>
#include <utility>

#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy {

class ObservedSink final : public TelemetrySink {
 public:
  // `on_record` (may be empty) does not throw and does not block.
  ObservedSink(TelemetrySink& next, std::function<void(const RequestRecord&)> on_record)
      : next_(next), on_record_(std::move(on_record)) {}

  void record(RequestRecord record) noexcept override {
    if (on_record_) on_record_(record);
    next_.record(std::move(record));
  }
  bool flush(Millis timeout) override { return next_.flush(timeout); }
  TelemetryStats stats() const override { return next_.stats(); }

 private:
  TelemetrySink& next_;
  const std::function<void(const RequestRecord&)> on_record_;
};

}  // namespace responses_proxy
