// ImageStore: OCI images on disk, by content: blobs/sha256/…, an index of names and, beside it, each image unpacked
// once. What it is told and what it writes is complete or absent. Several processes may use one folder at a time: the
// API imports, every shim unpacks. Any thread; blocks.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace weir::runtime {

struct ImageConfig {
  std::vector<std::string> entry_point;
  std::vector<std::string> command;
  std::vector<std::string> environment;  // "NAME=value"
  std::string working_directory;
  std::string user;  // as find_user takes it; empty: root, or who runs Weir

  bool operator==(const ImageConfig&) const = default;
};

// From an OCI config's "config" member: Entrypoint, Cmd, Env, WorkingDir, User. Errors: "InvalidImage".
Result<ImageConfig> read_image_config(const Json& json);

// What an image's files are.
enum class RootFiles {
  own,      // a whole root file system, as images of other tools are
  on_host,  // programs that find their libraries and tools on the host
};

struct Image {
  std::string digest;  // of the manifest: "sha256:…"
  ImageConfig config;
  std::vector<std::string> layers;  // digests of the blobs, lowest first
  RootFiles files = RootFiles::own;
};

class ImageStore {
 public:
  // In `directory`, made when something is first written.
  explicit ImageStore(std::string directory) : directory_(std::move(directory)) {}
  const std::string& directory() const { return directory_; }

  // Makes a one-layer image of a folder or of a tar and gives it the name `reference` ("NAME:TAG"), taking it from the
  // image that had it. The same content always has the same digest, which is returned. A file weir-image.json at the
  // top ({"Entrypoint": […], "Cmd": […], "Env": […], "WorkingDir": "…"}) counts where `config` is empty.
  // Errors: "InvalidImageReference", "InvalidImage", "NotFound", "Full", "Io".
  Result<std::string> import_directory(std::string_view reference, const std::string& directory,
                                       const ImageConfig& config = {}, RootFiles files = RootFiles::on_host);
  Result<std::string> import_tar(std::string_view reference, const std::string& tar, const ImageConfig& config = {},
                                 RootFiles files = RootFiles::on_host);

  // The image that has this name now. Errors: "CannotPullContainerError" where none has or it is damaged.
  Result<Image> resolve(std::string_view reference) const;
  // Names and the digests that they stand for.
  Result<std::map<std::string, std::string>> list() const;

  // The folder that the image is unpacked in; unpacks it where that was not done yet. Waits for another process that
  // does it now. Errors: "CannotPullContainerError".
  Result<std::string> unpack(const Image& image) const;

 private:
  struct Blob {
    std::string digest;
    std::int64_t size = 0;
  };

  std::string blob_path(std::string_view digest) const;
  Result<Json> read_blob_json(std::string_view digest) const;
  Result<Blob> write_blob(const std::string& content);
  Result<Blob> adopt_blob(const std::string& path);  // moves the file in
  Result<std::string> import_layer(const std::string& reference, const Blob& layer, const ImageConfig& config,
                                   RootFiles files);
  Result<> set_name(const std::string& reference, const Blob& manifest);
  Result<> unpack_into(const Image& image, const std::string& path) const;

  std::string directory_;
};

}  // namespace weir::runtime
