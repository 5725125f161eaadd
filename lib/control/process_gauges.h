// What the operating system says of this process, from /proc (proc(5)).
#pragma once

#include "responses_proxy/metrics.h"

namespace responses_proxy::control {

// What cannot be read is 0. Reads four small files and a folder.
GaugeValues::ProcessGauges process_gauges();

}  // namespace responses_proxy::control
