// GaugeValues as metric families, made anew for each scrape.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "responses_proxy/metrics.h"

namespace responses_proxy {

std::vector<prometheus::MetricFamily> gauge_families(const GaugeValues& values);

}  // namespace responses_proxy
