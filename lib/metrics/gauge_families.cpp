#include "metrics/gauge_families.h"

#include <array>
#include <iterator>
#include <utility>

#include "responses_proxy/version.h"

namespace responses_proxy {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

void add_sample(MetricFamily& family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

MetricFamily single(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family{name, help, type, {}};
  add_sample(family, {}, value);
  return family;
}

std::vector<MetricFamily> resource_families(const GaugeValues& values) {
  MetricFamily active{"rp_resource_active",
                      "Requests under way at this resource, all replicas",
                      MetricType::Gauge,
                      {}};
  MetricFamily health{"rp_resource_health",
                      "1 for the state the resource is in, 0 for the others",
                      MetricType::Gauge,
                      {}};
  MetricFamily cooldown{"rp_resource_cooldown_seconds",
                        "How long the resource is still avoided",
                        MetricType::Gauge,
                        {}};
  MetricFamily info{
      "rp_resource_info", "1; joins the resource's name and pool to its id", MetricType::Gauge, {}};
  for (const auto& resource : values.resources) {
    const Labels labels{{"resource_id", resource.resource_id},
                        {"provider_id", resource.provider_id}};
    add_sample(info,
               {{"resource_id", resource.resource_id},
                {"resource_name", resource.resource_name},
                {"pool_id", resource.pool_id}},
               1);
    add_sample(active, labels, static_cast<double>(resource.active));
    add_sample(cooldown, labels, std::chrono::duration<double>(resource.cooldown).count());
    for (const Health state :
         {Health::unknown, Health::healthy, Health::degraded, Health::unhealthy}) {
      Labels with_state = labels;
      with_state.push_back({"state", std::string(to_string(state))});
      add_sample(health, std::move(with_state), state == resource.health ? 1 : 0);
    }
  }
  return {std::move(info), std::move(active), std::move(health), std::move(cooldown)};
}

MetricFamily affinity_entries(const AffinityStats& stats) {
  MetricFamily family{"rp_affinity_entries", "Remembered affinities", MetricType::Gauge, {}};
  add_sample(family, {{"kind", "response"}}, static_cast<double>(stats.responses));
  add_sample(family, {{"kind", "item"}}, static_cast<double>(stats.items));
  add_sample(family, {{"kind", "session"}}, static_cast<double>(stats.sessions));
  return family;
}

// The same on every replica: the stream is theirs in common.
std::vector<MetricFamily> stream_families(const StreamStats& stats) {
  std::vector<MetricFamily> families;
  const auto add = [&](const char* name, const char* help, MetricType type, auto value) {
    families.push_back(single(name, help, type, static_cast<double>(value)));
  };
  add("rp_stream_up", "1 while Redis answers questions about the stream of records",
      MetricType::Gauge, stats.reachable ? 1 : 0);
  if (!stats.reachable) return families;
  add("rp_stream_records", "Records in the stream: not in the database yet", MetricType::Gauge,
      stats.length);
  add("rp_stream_pending", "Records of the stream that a worker has in hand", MetricType::Gauge,
      stats.pending);
  add("rp_stream_written_total", "Records that workers have written to the database",
      MetricType::Counter, stats.written);
  add("rp_stream_poison_total", "Entries that workers have set aside", MetricType::Counter,
      stats.poison);
  return families;
}

std::vector<MetricFamily> trace_families(const TraceStats& stats) {
  return {single("rp_trace_spans_exported_total", "Spans that the collector has taken",
                 MetricType::Counter, static_cast<double>(stats.exported)),
          single("rp_trace_spans_dropped_total",
                 "Spans lost: the queue was full, or the collector refused them",
                 MetricType::Counter, static_cast<double>(stats.dropped)),
          single("rp_trace_spans_queued", "Spans that wait for the collector", MetricType::Gauge,
                 static_cast<double>(stats.queued))};
}

std::vector<MetricFamily> redis_families(const SharedStateStats& stats) {
  std::vector<MetricFamily> families;
  const auto add = [&](const char* name, const char* help, MetricType type, auto value) {
    families.push_back(single(name, help, type, static_cast<double>(value)));
  };
  add("rp_redis_up", "1 while live state is shared through Redis", MetricType::Gauge,
      stats.up ? 1 : 0);
  add("rp_replicas", "Replicas that share live state, this one included; 0 = not known",
      MetricType::Gauge, stats.replicas);
  add("rp_redis_outages_total", "Times Redis was lost, late or refused to serve",
      MetricType::Counter, stats.outages);
  add("rp_redis_timeouts_total", "Answers of Redis that came after their budget, or never",
      MetricType::Counter, stats.timeouts);
  add("rp_redis_missed_affinities_total", "Affinities no other replica will hear of",
      MetricType::Counter, stats.missed);
  return families;
}

std::vector<MetricFamily> process_families(const GaugeValues::ProcessGauges& process) {
  std::vector<MetricFamily> families;
  const auto add = [&](const char* name, const char* help, MetricType type, auto value) {
    families.push_back(single(name, help, type, static_cast<double>(value)));
  };
  add("process_cpu_seconds_total", "User and system CPU time spent", MetricType::Counter,
      process.cpu_seconds);
  add("process_start_time_seconds", "When the process was started, since 1970", MetricType::Gauge,
      process.start_time);
  add("process_resident_memory_bytes", "Memory in RAM", MetricType::Gauge, process.resident_bytes);
  add("process_virtual_memory_bytes", "Memory mapped", MetricType::Gauge, process.virtual_bytes);
  add("process_open_fds", "Open descriptors", MetricType::Gauge, process.open_files);
  add("process_max_fds", "Descriptors that may be open", MetricType::Gauge, process.max_files);
  add("process_threads", "Threads", MetricType::Gauge, process.threads);
  return families;
}

MetricFamily build_info() {
  MetricFamily family{"rp_build_info", "1; the version that runs", MetricType::Gauge, {}};
  add_sample(family, {{"version", std::string(kVersion)}}, 1);
  return family;
}

std::vector<MetricFamily> registry_families(const GaugeValues::RegistryGauges& registry) {
  MetricFamily up{"rp_registry_up",
                  "1 while what is registered there is seen; at 0 what was read last goes on",
                  MetricType::Gauge,
                  {}};
  add_sample(up, {{"source", "database"}}, registry.database_up ? 1 : 0);
  add_sample(up, {{"source", "file"}}, registry.file_good ? 1 : 0);
  return {std::move(up),
          single("rp_registry_version", "Version of the registry that is served", MetricType::Gauge,
                 static_cast<double>(registry.version)),
          single("rp_registry_unavailable", "Enabled providers that get no requests",
                 MetricType::Gauge, static_cast<double>(registry.unavailable))};
}

}  // namespace

std::vector<MetricFamily> gauge_families(const GaugeValues& values) {
  std::vector<MetricFamily> families = resource_families(values);
  const auto add = [&](const char* name, const char* help, MetricType type, auto value) {
    families.push_back(single(name, help, type, static_cast<double>(value)));
  };
  const auto add_all = [&](std::vector<MetricFamily> more) {
    families.insert(families.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
  };
  add("rp_active_exchanges", "Exchanges under way", MetricType::Gauge, values.active_exchanges);
  add("rp_open_sockets", "WebSockets of clients", MetricType::Gauge, values.open_sockets);
  add("rp_telemetry_recorded_total", "Records accepted", MetricType::Counter,
      values.telemetry.recorded);
  add("rp_telemetry_written_total", "Records in the database, or handed to the Redis stream",
      MetricType::Counter, values.telemetry.written);
  add("rp_telemetry_dropped_total", "Records lost", MetricType::Counter, values.telemetry.dropped);
  add("rp_telemetry_bodies_dropped_total", "Records kept without their captured bodies",
      MetricType::Counter, values.telemetry.bodies_dropped);
  add("rp_telemetry_queued", "Records waiting to be written", MetricType::Gauge,
      values.telemetry.queued);
  add("rp_telemetry_spooled", "Records waiting in the spool file", MetricType::Gauge,
      values.telemetry.spooled);
  if (values.stream) add_all(stream_families(*values.stream));
  if (values.traces) add_all(trace_families(*values.traces));
  if (values.shared_state) add_all(redis_families(*values.shared_state));
  if (values.process) add_all(process_families(*values.process));
  if (values.database_up) {
    add("rp_database_up", "1 while the database answers", MetricType::Gauge,
        *values.database_up ? 1 : 0);
  }
  families.push_back(build_info());
  if (values.registry) add_all(registry_families(*values.registry));
  families.push_back(affinity_entries(values.affinity));
  add("rp_affinity_evicted_total", "Affinities forgotten because there were too many",
      MetricType::Counter, values.affinity.evicted);
  return families;
}

}  // namespace responses_proxy
