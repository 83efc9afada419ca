#include "wire/content_encoding.h"

#include <zlib.h>

#include <algorithm>

namespace weir::wire {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr std::size_t kStep = 64 * 1024;

std::unexpected<Error> no_gzip() { return fail("Gzip", "The body is not whole gzip", ErrorSource::client); }

}  // namespace

Result<std::string> gunzip(std::string_view packed, std::size_t most) {
  z_stream stream{};
  if (::inflateInit2(&stream, kGzipOnly) != Z_OK) return fail("Gzip", "no memory to unpack", ErrorSource::internal);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  int state = Z_OK;
  while (state == Z_OK && out.size() <= most) {
    const std::size_t have = out.size();
    out.resize(have + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    stream.avail_out = kStep;
    state = ::inflate(&stream, Z_NO_FLUSH);
    out.resize(have + kStep - stream.avail_out);
    if (state == Z_OK && out.size() == have && stream.avail_in == 0) state = Z_BUF_ERROR;  // cut short
  }
  const bool whole = state == Z_STREAM_END && stream.avail_in == 0;
  ::inflateEnd(&stream);
  if (out.size() > most) return fail("TooLarge", "The body unpacks to too much", ErrorSource::client);
  if (!whole) return no_gzip();
  return out;
}

}  // namespace weir::wire
