// How large the end of a chunked body is with its trailers. Pure; any thread.
#pragma once

#include <cstddef>

#include "http/header.h"

namespace weir::proxy {

// An upper bound of what http::write_last_chunk writes, in bytes.
inline std::size_t last_chunk_bound(const http::HeaderBlock& trailers) {
  std::size_t size = 16;
  for (const http::HeaderField field : trailers) size += field.name.size() + field.value.size() + 4;
  return size;
}

}  // namespace weir::proxy
