// The form of a record in the spool file: mark, length, CRC32 of length and payload, payload.
//
// Role       Pure functions over bytes. A frame is found again behind damaged bytes by its mark,
//            and believed by its CRC.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace responses_proxy {

inline constexpr std::size_t kMaxSpoolPayload = std::size_t{4} << 20;

// A payload of more than kMaxSpoolPayload bytes is not found again.
std::string spool_frame(std::string_view payload);

struct SpoolScan {
  enum class Found {
    frame,
    more,     // what starts at `begin` may be a frame, its end is missing
    nothing,  // no frame begins before `begin`
  };
  Found found;
  std::size_t begin;  // of the frame; bytes before it belong to none
  std::size_t end;    // of the frame
  std::string_view payload;
};

// The first frame in `bytes`. `last`: nothing follows them, so an unfinished frame is none.
SpoolScan scan_spool(std::string_view bytes, bool last);

}  // namespace responses_proxy
