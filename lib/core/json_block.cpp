#include "core/json_block.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace responses_proxy {

namespace {

constexpr std::ptrdiff_t kBlocks = 4;
constexpr std::ptrdiff_t kBytes = kBlocks * sizeof(ByteBlock);

bool all_plain(const char* at) {
  ByteBlock stops = stops_in(at);
  for (std::ptrdiff_t i = 1; i < kBlocks; ++i) {
    stops |= stops_in(at + i * static_cast<std::ptrdiff_t>(sizeof(ByteBlock)));
  }
  return first_set(stops) == sizeof(ByteBlock);
}

#ifdef __x86_64__

// Each byte is compared with the one that stops a string among those that end in the same four
// bits; of those that have none, with one that ends otherwise.
constexpr char kNone = 1;
constexpr char kNoneOfOnes = 2;

[[gnu::target("avx2")]] const char* pass_with_avx2(const char* at, const char* end) {
  const __m256i last_control = _mm256_set1_epi8(0x1F);
  const __m256i stop_of_bits = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(kNone, kNoneOfOnes, '"', kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone,
                    kNone, '\\', kNone, kNone, kNone));
  for (; end - at >= kBytes; at += kBytes) {
    const auto* const wide = reinterpret_cast<const __m256i*>(at);
    const __m256i a = _mm256_loadu_si256(wide);
    const __m256i b = _mm256_loadu_si256(wide + 1);
    const __m256i least = _mm256_min_epu8(a, b);
    const __m256i stops =
        _mm256_or_si256(_mm256_cmpeq_epi8(a, _mm256_shuffle_epi8(stop_of_bits, a)),
                        _mm256_cmpeq_epi8(b, _mm256_shuffle_epi8(stop_of_bits, b)));
    const __m256i controls = _mm256_cmpeq_epi8(_mm256_max_epu8(least, last_control), last_control);
    if (_mm256_movemask_epi8(_mm256_or_si256(stops, controls)) != 0) break;
  }
  return at;
}

#endif

using Pass = const char* (*)(const char*, const char*);

Pass for_this_machine() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return pass_with_avx2;
#endif
  return pass_plain_by_blocks;
}

}  // namespace

const char* pass_plain_by_blocks(const char* at, const char* end) {
  while (end - at >= kBytes && all_plain(at)) at += kBytes;
  return at;
}

const char* pass_plain(const char* at, const char* end) {
  static const Pass pass = for_this_machine();
  return pass(at, end);
}

}  // namespace responses_proxy
