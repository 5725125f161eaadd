// The bytes of a JSON string, many at a time.
//
// Cost       Sixteen bytes are about ten instructions. pass_plain() takes one for four bytes where
//            the machine has vectors of 32 bytes (AVX2), which is found out when the program runs.
#pragma once

#include "core/byte_block.h"

namespace responses_proxy {

// Of 16 bytes of a string, those that are not just bytes of it: see first_set().
inline ByteBlock stops_in(const char* at) {
  const ByteBlock block = block_at(at);
  const auto stops = (block == '"') | (block == '\\') | (block < 0x20);
  return (ByteBlock)stops;
}

// Goes on from `at` by 64 bytes as long as all of them are just bytes of a string.
const char* pass_plain(const char* at, const char* end);
// The same, on a machine of which nothing is known.
const char* pass_plain_by_blocks(const char* at, const char* end);

}  // namespace responses_proxy
