// The list of models: the aliases of this proxy first, then the upstream's own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/json.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/routing_table.h"

namespace responses_proxy::local_answers {

// `of_upstream`: the upstream's list; anything else has no models. Of two with the same id the
// first one stays.
std::string model_list(std::span<const ModelAlias> aliases, std::string_view of_upstream);

// An upstream's list with the aliases before it. One that has no list to give has none of its own:
// the aliases are listed all the same. Failover sees what it really said.
class ModelListTranslation final : public Translation, private AnswerSink {
 public:
  // Of the upstream's list; what is longer is not listed.
  static constexpr std::size_t kMaxBytes = 8 * 1024 * 1024;

  ModelListTranslation(std::unique_ptr<Translation> of_upstream,
                       std::shared_ptr<const RoutingTable> table)
      : of_upstream_(std::move(of_upstream)), table_(std::move(table)) {}

  AnswerHead head(int status, Headers from_upstream) override;
  void read(std::string_view bytes, AnswerSink&) override { of_upstream_->read(bytes, *this); }
  void finish(AnswerSink& sink) override;
  const AnswerFacts& facts() const override { return of_upstream_->facts(); }
  UpstreamFault fault(WallTime now) const override { return of_upstream_->fault(now); }
  std::size_t held_bytes() const override { return list_.size(); }

 private:
  // AnswerSink: of the upstream's translation
  void event(const AnswerEvent&) override {}
  void bytes(std::string_view bytes) override;

  const std::unique_ptr<Translation> of_upstream_;
  const std::shared_ptr<const RoutingTable> table_;
  std::string list_;
};

}  // namespace responses_proxy::local_answers
