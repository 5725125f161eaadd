// ByteBlock: sixteen bytes of a text at once.
//
// Compilers make vector instructions of what is written with it, whichever the machine has; only
// how to find the first byte that is set differs too much.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>

#include <bit>
#endif

namespace responses_proxy {

using ByteBlock = std::uint8_t __attribute__((vector_size(16)));

inline ByteBlock block_at(const char* at) {
  ByteBlock block;
  std::memcpy(&block, at, sizeof block);
  return block;
}

// Of what comparisons give, the bytes of which are all ones or all zeros: where the first one that
// holds stands; sizeof(ByteBlock): nowhere.
inline std::size_t first_set(const ByteBlock& held) {
#ifdef __SSE2__
  const auto bits = static_cast<unsigned>(_mm_movemask_epi8(reinterpret_cast<__m128i>(held)));
  return bits == 0 ? sizeof(ByteBlock) : static_cast<std::size_t>(std::countr_zero(bits));
#else
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&held);
  std::size_t at = 0;
  while (at < sizeof(ByteBlock) && bytes[at] == 0) ++at;
  return at;
#endif
}

}  // namespace responses_proxy
