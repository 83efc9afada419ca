#include "runtime/image_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "net/fd.h"
#include "runtime/files.h"
#include "runtime/image_reference.h"
#include "runtime/layer.h"
#include "runtime/limits.h"
#include "runtime/sha256.h"

namespace weir::runtime {
namespace {

constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr const char* kLayerType = "application/vnd.oci.image.layer.v1.tar";
constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
constexpr const char* kNameAnnotation = "org.opencontainers.image.ref.name";
// In the manifest of an image whose files are RootFiles::on_host.
constexpr const char* kFilesAnnotation = "dev.weir.files";
constexpr const char* kOnHost = "on-host";

LayerOf layer_of(RootFiles files) { return files == RootFiles::own ? LayerOf::root_files : LayerOf::host_programs; }
#ifdef __aarch64__
constexpr const char* kArchitecture = "arm64";
#else
constexpr const char* kArchitecture = "amd64";
#endif

// Holds `path` locked against other processes and threads while it lives.
Result<net::Fd> lock_file(const std::string& path) {
  net::Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return fail_file("cannot lock " + path, errno);
  while (flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_file("cannot lock " + path, errno);
  }
  return fd;
}

// A new folder in `parent` that is removed with everything in it. While it lives it is locked, so that those which a
// killed process left behind can be told from it: they are removed when the next one is made.
class ScratchFolder {
 public:
  static Result<ScratchFolder> make(const std::string& parent) {
    const net::Fd lock = TRY(lock_file(parent + "/lock"));
    remove_abandoned(parent);
    std::string path = parent + "/" + kPrefix + "XXXXXX";
    if (mkdtemp(path.data()) == nullptr) return fail_file("cannot make a folder in " + parent, errno);
    ScratchFolder made(std::move(path));
    if (!made.lock_) return fail_file("cannot lock " + made.path_, errno);
    return made;
  }
  ScratchFolder(ScratchFolder&& other) noexcept
      : path_(std::exchange(other.path_, "")), lock_(std::move(other.lock_)) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    if (!path_.empty()) remove_tree(path_);
  }
  const std::string& path() const { return path_; }

 private:
  static constexpr const char* kPrefix = "import-";

  explicit ScratchFolder(std::string path) : path_(std::move(path)), lock_(try_lock(path_)) {}

  static net::Fd try_lock(const std::string& path) {
    net::Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd && flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
    return fd;
  }
  static void remove_abandoned(const std::string& parent) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
      if (!entry.path().filename().string().starts_with(kPrefix)) continue;
      if (const net::Fd ours = try_lock(entry.path())) remove_tree(entry.path());
    }
  }

  std::string path_;
  net::Fd lock_;
};

Json words(const std::vector<std::string>& list) {
  Json json = Json::array();
  for (const auto& word : list) json.push(word);
  return json;
}

Result<> read_words(const Json& json, const char* name, std::vector<std::string>& into) {
  const Json& list = json[name];
  if (list.is_null()) return {};
  const auto& items = list.items();
  if (!list.is_array() || !std::ranges::all_of(items, [](const Json& item) { return item.is_string(); })) {
    return fail("InvalidImage", fmt::format("{} of the image's config must be a list of words", name),
                ErrorSource::client);
  }
  for (const auto& item : items) into.push_back(item.as_string());
  return {};
}

Json descriptor(const char* type, const std::string& digest, std::int64_t size) {
  return Json::object().set("mediaType", type).set("digest", digest).set("size", size);
}

std::string config_json(const ImageConfig& config, const std::string& layer) {
  Json inner = Json::object();
  if (!config.entry_point.empty()) inner.set("Entrypoint", words(config.entry_point));
  if (!config.command.empty()) inner.set("Cmd", words(config.command));
  if (!config.environment.empty()) inner.set("Env", words(config.environment));
  if (!config.working_directory.empty()) inner.set("WorkingDir", config.working_directory);
  if (!config.user.empty()) inner.set("User", config.user);
  Json layers = Json::object();
  layers.set("type", "layers").set("diff_ids", words({layer}));
  return Json::object()
      .set("architecture", kArchitecture)
      .set("os", "linux")
      .set("config", inner)
      .set("rootfs", layers)
      .dump();
}

Result<ImageConfig> config_within(const std::string& directory) {
  const std::string path = directory + "/weir-image.json";
  auto json = read_json(path, kMaxImageJsonBytes);
  if (!json && json.error().code == "NotFound") return ImageConfig{};
  if (!json) return fail("InvalidImage", json.error().message, ErrorSource::client);
  return read_image_config(*json);
}

Error cannot_pull(std::string_view reference, const Error& error) {
  return {"CannotPullContainerError", fmt::format("image {}: {}", reference, error.message), ErrorSource::runtime};
}

}  // namespace

Result<ImageConfig> read_image_config(const Json& json) {
  ImageConfig config;
  TRY(read_words(json, "Entrypoint", config.entry_point));
  TRY(read_words(json, "Cmd", config.command));
  TRY(read_words(json, "Env", config.environment));
  config.working_directory = json["WorkingDir"].as_string();
  config.user = json["User"].as_string();
  return config;
}

std::string ImageStore::blob_path(std::string_view digest) const {
  return fmt::format("{}/blobs/sha256/{}", directory_, hex_of(digest));
}

Result<Json> ImageStore::read_blob_json(std::string_view digest) const {
  if (!is_digest(digest)) return fail("InvalidImage", fmt::format("\"{}\" is no digest", digest));
  const std::string content = TRY(read_file(blob_path(digest), kMaxImageJsonBytes));
  if (digest_of(content) != digest) return fail("InvalidImage", fmt::format("the blob {} is damaged", digest));
  return Json::parse(content);
}

Result<ImageStore::Blob> ImageStore::write_blob(const std::string& content) {
  const Blob blob{digest_of(content), static_cast<std::int64_t>(content.size())};
  TRY(write_file(blob_path(blob.digest), content, Durability::machine));
  return blob;
}

Result<ImageStore::Blob> ImageStore::adopt_blob(const std::string& path) {
  Blob blob{TRY(digest_of_file(path))};
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat seen {};
  if (!fd || fstat(fd.get(), &seen) != 0 || fsync(fd.get()) != 0) return fail_file("cannot keep " + path, errno);
  blob.size = seen.st_size;
  if (rename(path.c_str(), blob_path(blob.digest).c_str()) != 0) return fail_file("cannot keep " + path, errno);
  return blob;
}

Result<std::string> ImageStore::import_directory(std::string_view reference, const std::string& directory,
                                                 const ImageConfig& config, RootFiles files) {
  const ImageReference name = TRY(ImageReference::parse(reference));
  TRY(make_directories(directory_ + "/blobs/sha256"));
  TRY(write_file(directory_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})", Durability::process));
  const ImageConfig chosen = config == ImageConfig{} ? TRY(config_within(directory)) : config;
  const ScratchFolder scratch = TRY(ScratchFolder::make(directory_));
  TRY(pack_layer(directory, scratch.path() + "/layer.tar", layer_of(files)));
  return import_layer(name.text(), TRY(adopt_blob(scratch.path() + "/layer.tar")), chosen, files);
}

Result<std::string> ImageStore::import_tar(std::string_view reference, const std::string& tar,
                                           const ImageConfig& config, RootFiles files) {
  TRY(ImageReference::parse(reference));
  TRY(make_directories(directory_));
  // Unpacked and packed again, it is checked, and is the same image as the folder that it was made of.
  const ScratchFolder scratch = TRY(ScratchFolder::make(directory_));
  TRY(unpack_layer(tar, scratch.path(), layer_of(files)));
  return import_directory(reference, scratch.path(), config, files);
}

Result<std::string> ImageStore::import_layer(const std::string& reference, const Blob& layer, const ImageConfig& config,
                                             RootFiles files) {
  const Blob config_blob = TRY(write_blob(config_json(config, layer.digest)));
  Json layers = Json::array();
  layers.push(descriptor(kLayerType, layer.digest, layer.size));
  Json content = Json::object()
                     .set("schemaVersion", 2)
                     .set("mediaType", kManifestType)
                     .set("config", descriptor(kConfigType, config_blob.digest, config_blob.size))
                     .set("layers", layers);
  if (files == RootFiles::on_host) content.set("annotations", Json::object().set(kFilesAnnotation, kOnHost));
  const Blob manifest = TRY(write_blob(content.dump()));
  TRY(set_name(reference, manifest));
  return manifest.digest;
}

Result<> ImageStore::set_name(const std::string& reference, const Blob& manifest) {
  const net::Fd lock = TRY(lock_file(directory_ + "/lock"));
  const std::string path = directory_ + "/index.json";
  const auto index = read_json(path, kMaxImageJsonBytes);
  if (!index && index.error().code != "NotFound") return std::unexpected(index.error());
  Json manifests = Json::array();
  const Json before = index ? *index : Json::object();
  for (const auto& entry : before["manifests"].items()) {
    if (entry["annotations"][kNameAnnotation].as_string() != reference) manifests.push(entry);
  }
  Json entry = descriptor(kManifestType, manifest.digest, manifest.size);
  entry.set("annotations", Json::object().set(kNameAnnotation, reference));
  manifests.push(entry);
  const std::string content =
      Json::object().set("schemaVersion", 2).set("mediaType", kIndexType).set("manifests", manifests).dump();
  return write_file(path, content, Durability::machine);
}

Result<std::map<std::string, std::string>> ImageStore::list() const {
  std::map<std::string, std::string> names;
  const auto index = read_json(directory_ + "/index.json", kMaxImageJsonBytes);
  if (!index && index.error().code == "NotFound") return names;
  if (!index) return std::unexpected(index.error());
  for (const auto& entry : (*index)["manifests"].items()) {
    names[entry["annotations"][kNameAnnotation].as_string()] = entry["digest"].as_string();
  }
  return names;
}

Result<Image> ImageStore::resolve(std::string_view reference) const {
  const auto found = [&]() -> Result<Image> {
    const std::string name = TRY(ImageReference::parse(reference)).text();
    const auto names = TRY(list());
    const auto entry = names.find(name);
    if (entry == names.end()) return fail("NotFound", "not found");
    Image image{entry->second};
    const Json manifest = TRY(read_blob_json(image.digest));
    for (const auto& layer : manifest["layers"].items()) {
      if (!is_digest(layer["digest"].as_string())) return fail("InvalidImage", "its manifest is damaged");
      image.layers.push_back(layer["digest"].as_string());
    }
    if (manifest["annotations"][kFilesAnnotation].as_string() == kOnHost) image.files = RootFiles::on_host;
    const Json config = TRY(read_blob_json(manifest["config"]["digest"].as_string()));
    image.config = TRY(read_image_config(config["config"]));
    return image;
  }();
  if (found) return found;
  if (found.error().code == "NotFound" && found.error().message == "not found") {
    return fail("CannotPullContainerError", fmt::format("image {} not found", reference), ErrorSource::runtime);
  }
  return std::unexpected(cannot_pull(reference, found.error()));
}

Result<> ImageStore::unpack_into(const Image& image, const std::string& path) const {
  remove_tree(path);
  TRY(make_directories(path));
  for (const auto& layer : image.layers) {
    if (TRY(digest_of_file(blob_path(layer))) != layer) {
      return fail("InvalidImage", fmt::format("the blob {} is damaged", layer));
    }
    TRY(unpack_layer(blob_path(layer), path, layer_of(image.files)));
  }
  // Once it has its name it is never looked at again, so it must be whole even after the machine's sudden end.
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || syncfs(fd.get()) != 0) return fail_file("cannot write " + path, errno);
  return {};
}

Result<std::string> ImageStore::unpack(const Image& image) const {
  const std::string folder = directory_ + "/unpacked";
  const std::string path = fmt::format("{}/{}", folder, hex_of(image.digest));
  const auto unpacked = [&]() -> Result<std::string> {
    if (access(path.c_str(), F_OK) == 0) return path;
    TRY(make_directories(folder));
    const net::Fd lock = TRY(lock_file(path + ".lock"));
    if (access(path.c_str(), F_OK) == 0) return path;
    const std::string fresh = path + ".tmp";
    if (auto done = unpack_into(image, fresh); !done) {
      remove_tree(fresh);
      return std::unexpected(done.error());
    }
    if (rename(fresh.c_str(), path.c_str()) != 0) return fail_file("cannot make " + path, errno);
    return path;
  }();
  if (!unpacked) return std::unexpected(cannot_pull(image.digest, unpacked.error()));
  return unpacked;
}

}  // namespace weir::runtime
