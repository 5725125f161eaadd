#include "telemetry/backlog.h"

#include <fmt/format.h>

#include <utility>

namespace responses_proxy {

Backlog::Backlog(std::string path, std::uint64_t max_bytes, Log log)
    : path_(std::move(path)), max_bytes_(max_bytes), log_(std::move(log)) {}

void Backlog::adopt() {
  if (!enabled()) return;
  try {
    open();
  } catch (const SpoolInUse&) {
    throw SpoolInUse(
        fmt::format("the spool {} belongs to another rp-server that is running: stop that one, or "
                    "give this one a file of its own with PROXY_TELEMETRY_SPOOL_PATH",
                    path_));
  } catch (const SpoolError& error) {
    complain(error.what());
  }
  if (empty()) return;
  log_({LogLevel::info,
        "spool_found",
        fmt::format("telemetry: the spool has {} records of an earlier run", spool_->size()),
        {{"records", static_cast<std::int64_t>(spool_->size())}}});
}

std::size_t Backlog::take_damaged() {
  return std::exchange(damaged_, 0);
}

std::size_t Backlog::take_bodies_dropped() {
  return std::exchange(bodies_dropped_, 0);
}

std::size_t Backlog::add(std::span<const RequestRecord> records) {
  if (!enabled() || !ready()) return 0;
  const std::size_t before = spool_->bodies_dropped();
  const std::size_t kept = spool_->append(records);
  bodies_dropped_ += spool_->bodies_dropped() - before;
  if (kept < records.size()) complain(fmt::format("{}: {}", path_, spool_->problem()));
  return kept;
}

Spool::Batch Backlog::next(std::size_t max) {
  try {
    return spool_->read(max);
  } catch (const SpoolError& error) {
    complain(error.what());
    Spool::Batch lost;
    lost.frames = lost.damaged = spool_->size();
    lost.end = spool_->end();
    return lost;
  }
}

void Backlog::forget(const Spool::Batch& batch) {
  damaged_ += batch.damaged;
  spool_->forget(batch);
}

void Backlog::open() {
  spool_ = std::make_unique<Spool>(path_, max_bytes_);
  if (spool_->cut()) ++damaged_;
}

bool Backlog::ready() {
  if (spool_ && spool_->empty() && spool_->moved()) spool_.reset();
  if (spool_) return true;
  try {
    open();
    return true;
  } catch (const SpoolError& error) {
    complain(error.what());
    return false;
  }
}

void Backlog::complain(const std::string& problem) {
  if (std::exchange(complained_, true)) return;
  log_({LogLevel::error,
        "spool_unusable",
        fmt::format("telemetry: records wait in memory only, the spool does not take them: {}",
                    problem),
        {{"problem", problem}}});
}

}  // namespace responses_proxy
