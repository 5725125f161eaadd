#include "responses_proxy/random.h"

#include <random>

namespace responses_proxy {

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace responses_proxy
