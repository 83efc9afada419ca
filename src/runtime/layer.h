// Layers of an image: a folder becomes a tar and a tar becomes a folder. The same folder always gives the same bytes.
// What is unpacked stays inside: a tar is a stranger's. libarchive is known to layer.cc only. Any thread; blocks.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::runtime {

// Links that lead out of the folder: a root file system of its own has some, which lead elsewhere only where it is not
// the root. They are never followed here.
enum class LinksOut { refused, kept };

// Writes `directory`'s content to a new tar: sorted, without times, owners and set-id bits.
// Errors: "InvalidImage" for what cannot be in an image (a device, a link that leads out), "Full", "Io".
Result<> pack_layer(const std::string& directory, const std::string& tar, LinksOut links = LinksOut::refused);

// Unpacks a tar (plain, gzip, bzip2, xz or zstd) into the existing folder `directory`. Errors: "InvalidImage" for a
// path or link that leads out, a device, a damaged or too large archive; "Full"; "Io". What was written so far stays.
// A layer above others says by entries named ".wh.NAME" what of theirs is gone.
Result<> unpack_layer(const std::string& tar, const std::string& directory, LinksOut links = LinksOut::refused);

}  // namespace weir::runtime
