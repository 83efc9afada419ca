// Layers of an image: a folder becomes a tar and a tar becomes a folder. The same folder always gives the same bytes.
// What is unpacked stays inside: a tar is a stranger's. libarchive is known to layer.cc only. Any thread; blocks.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::runtime {

// What a layer is of. A root file system has links that lead out of the folder, and elsewhere only where it is not the
// root; they are never followed here. It has owners too, which are kept where this process is root; programs for the
// host have neither.
enum class LayerOf { host_programs, root_files };

// Writes `directory`'s content to a new tar: sorted, without times and set-id bits.
// Errors: "InvalidImage" for what cannot be in an image (a device, a link that leads out), "Full", "Io".
Result<> pack_layer(const std::string& directory, const std::string& tar, LayerOf what = LayerOf::host_programs);

// Unpacks a tar (plain, gzip, bzip2, xz or zstd) into the existing folder `directory`. Errors: "InvalidImage" for a
// path or link that leads out, a device, a damaged or too large archive; "Full"; "Io". What was written so far stays.
// A layer above others says by entries named ".wh.NAME" what of theirs is gone.
Result<> unpack_layer(const std::string& tar, const std::string& directory, LayerOf what = LayerOf::host_programs);

}  // namespace weir::runtime
