#include "telemetry/backlog.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace responses_proxy {

Backlog::Backlog(std::string path, std::uint64_t max_bytes, Log log)
    : path_(std::move(path)), max_bytes_(max_bytes), log_(std::move(log)) {}

void Backlog::adopt() {
  std::error_code problem;
  const auto size = enabled() ? std::filesystem::file_size(path_, problem) : 0;
  if (problem || size == 0 || !open()) return;
  if (spool_->empty()) return spool_.reset();
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
  if (!enabled() || (!spool_ && !open())) return 0;
  const std::size_t before = spool_->bodies_dropped();
  const std::size_t kept = spool_->append(records);
  bodies_dropped_ += spool_->bodies_dropped() - before;
  if (kept < records.size()) complain(fmt::format("{}: {}", path_, spool_->problem()));
  if (spool_->empty()) spool_.reset();
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
  if (spool_->empty()) spool_.reset();
}

bool Backlog::open() {
  try {
    spool_ = std::make_unique<Spool>(path_, max_bytes_);
  } catch (const SpoolError& error) {
    complain(error.what());
    return false;
  }
  if (spool_->cut()) ++damaged_;
  return true;
}

void Backlog::complain(const std::string& problem) {
  if (std::exchange(complained_, true)) return;
  log_({LogLevel::error,
        "spool_unusable",
        fmt::format("telemetry: records stay in memory, the spool does not take them: {}", problem),
        {{"problem", problem}}});
}

}  // namespace responses_proxy
