#include "runtime/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "net/fd.h"
#include "runtime/files.h"
#include "runtime/limits.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;
using Archive = std::unique_ptr<archive, int (*)(archive*)>;
using Entry = std::unique_ptr<archive_entry, void (*)(archive_entry*)>;

std::unexpected<Error> invalid(std::string why) { return fail("InvalidImage", std::move(why), ErrorSource::client); }

std::unexpected<Error> archive_failure(const std::string& what, archive* source) {
  const int number = archive_errno(source);
  if (number == ENOSPC || number == EDQUOT || number == EFBIG) return fail_file(what, number);
  const char* words = archive_error_string(source);
  return invalid(fmt::format("{}: {}", what, words != nullptr ? words : "unreadable"));
}

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

// The parts of a path within an image. Errors where it could lead out.
Result<std::vector<std::string>> parts_of(const std::string& path) {
  if (path.starts_with('/')) return invalid(fmt::format("\"{}\" is an absolute path", path));
  std::vector<std::string> parts;
  for (const auto& part : fs::path(path)) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return invalid(fmt::format("\"{}\" leads out of the image", path));
    parts.push_back(part.string());
  }
  return parts;
}

// A link may go up as far as the root and from there only down. ".." after a name could lead through another link.
Result<> check_link(const std::string& path, const std::string& target, std::size_t depth) {
  const auto out = invalid(fmt::format("the link \"{}\" -> \"{}\" leads out of the image", path, target));
  if (target.empty() || target.starts_with('/')) return out;
  bool down = false;
  for (const auto& part : fs::path(target)) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      down = true;
    } else if (down || depth-- == 0) {
      return out;
    }
  }
  return {};
}

bool keeps_owners(LayerOf what) { return what == LayerOf::root_files && geteuid() == 0; }

// --- packing ----------------------------------------------------------------------------------------------------

Result<> pack_file(archive* tar, const fs::path& path) {
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail_file("cannot read " + path.string(), errno);
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(fd.get(), buffer, sizeof buffer);
    if (count < 0) return fail_file("cannot read " + path.string(), errno);
    if (count == 0) return {};
    if (archive_write_data(tar, buffer, static_cast<std::size_t>(count)) < 0) {
      return archive_failure("cannot pack " + path.string(), tar);
    }
  }
}

Result<> pack_entry(archive* tar, const fs::path& root, const std::string& relative, LayerOf what) {
  const fs::path path = root / relative;
  struct stat seen {};
  if (lstat(path.c_str(), &seen) != 0) return fail_file("cannot read " + path.string(), errno);
  Entry entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), relative.c_str());
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_filetype(entry.get(), seen.st_mode & S_IFMT);
  archive_entry_set_perm(entry.get(), seen.st_mode & 0777);
  if (keeps_owners(what)) {
    archive_entry_set_uid(entry.get(), seen.st_uid);
    archive_entry_set_gid(entry.get(), seen.st_gid);
  }
  if (S_ISLNK(seen.st_mode)) {
    const std::string target = fs::read_symlink(path).string();
    if (what == LayerOf::host_programs) {
      TRY(check_link(relative, target, static_cast<std::size_t>(std::ranges::count(relative, '/'))));
    }
    archive_entry_set_symlink(entry.get(), target.c_str());
    archive_entry_set_perm(entry.get(), 0777);
  } else if (S_ISREG(seen.st_mode)) {
    archive_entry_set_size(entry.get(), seen.st_size);
  } else if (!S_ISDIR(seen.st_mode)) {
    return invalid(fmt::format("{} is neither a file nor a folder nor a link", path.string()));
  }
  if (archive_write_header(tar, entry.get()) != ARCHIVE_OK) {
    return archive_failure("cannot pack " + path.string(), tar);
  }
  return S_ISREG(seen.st_mode) ? pack_file(tar, path) : Result<>();
}

Result<std::vector<std::string>> paths_in(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> paths;
  fs::recursive_directory_iterator at(directory, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    paths.push_back(at->path().lexically_relative(directory).string());
    if (paths.size() > kMaxLayerEntries) return invalid(fmt::format("{} has too many files", directory));
  }
  if (error) return fail_file("cannot read the folder " + directory, error.value());
  std::ranges::sort(paths);
  return paths;
}

// --- unpacking --------------------------------------------------------------------------------------------------

class Unpacking {
 public:
  Unpacking(archive* source, int root, LayerOf what) : source_(source), root_(root), what_(what) {}

  Result<> unpack(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return invalid("the archive has an entry without a name");
    if (++entries_ > kMaxLayerEntries) return invalid("the archive has too many entries");
    const auto parts = TRY(parts_of(name));
    const bool is_directory = archive_entry_filetype(entry) == AE_IFDIR;
    if (parts.empty()) return is_directory ? Result<>() : invalid("the archive has an entry without a name");
    const net::Fd parent = TRY(walk({parts.data(), parts.size() - 1}));
    const mode_t mode = archive_entry_perm(entry) & 0777;
    if (parts.back().starts_with(kWhiteout)) return remove_lower(parent.get(), parts.back());
    if (is_directory) {
      TRY(make_directory(parent.get(), parts.back(), mode));
    } else {
      TRY(clear_place(parent.get(), parts.back()));
      if (const char* linked = archive_entry_hardlink(entry)) return make_hard_link(parent.get(), parts.back(), linked);
      TRY(make_leaf(entry, parent.get(), parts, mode));
    }
    return keeps_owners(what_) ? give_to_owner(entry, parent.get(), parts.back()) : Result<>();
  }

 private:
  // The folder that the parts lead to, made where it is absent. Links on the way are refused.
  Result<net::Fd> walk(std::span<const std::string> parts) {
    net::Fd at(fcntl(root_, F_DUPFD_CLOEXEC, 0));
    for (const auto& part : parts) at = TRY(enter(at.get(), part));
    return at;
  }

  Result<> make_directory(int parent, const std::string& name, mode_t mode) {
    const net::Fd made = TRY(enter(parent, name));
    // Its owner must be able to fill it and to remove it again.
    fchmod(made.get(), mode | 0700);
    return {};
  }

  Result<net::Fd> enter(int parent, const std::string& name) {
    if (mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST) return fail_file("cannot make " + name, errno);
    net::Fd made(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return invalid(fmt::format("\"{}\" is used as a folder and is none", name));
    return made;
  }

  Result<> make_leaf(archive_entry* entry, int parent, const std::vector<std::string>& parts, mode_t mode) {
    switch (archive_entry_filetype(entry)) {
      case AE_IFREG:
        return make_file(parent, parts.back(), mode);
      case AE_IFLNK:
        return make_link(parent, parts, archive_entry_symlink(entry));
      default:
        return invalid(fmt::format("\"{}\" is neither a file nor a folder nor a link", archive_entry_pathname(entry)));
    }
  }

  static Result<> give_to_owner(archive_entry* entry, int parent, const std::string& name) {
    const auto uid = static_cast<uid_t>(archive_entry_uid(entry));
    const auto gid = static_cast<gid_t>(archive_entry_gid(entry));
    if (uid == 0 && gid == 0) return {};
    if (fchownat(parent, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) == 0) return {};
    return fail_file("cannot give away " + name, errno);
  }

  // Takes away what a lower layer has under that name, or everything in the folder.
  static Result<> remove_lower(int parent, const std::string& name) {
    const fs::path folder = fmt::format("/proc/self/fd/{}", parent);
    std::error_code error;
    if (name != kOpaque) {
      const auto gone = name.substr(kWhiteout.size());
      if (gone.empty() || gone == "." || gone == "..") return invalid(fmt::format("\"{}\" takes nothing away", name));
      fs::remove_all(folder / gone, error);
      return {};
    }
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(folder, error)) all.push_back(entry.path());
    for (const auto& path : all) fs::remove_all(path, error);
    return {};
  }

  // A later entry of the same name takes the place of an earlier one.
  static Result<> clear_place(int parent, const std::string& name) {
    if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    return invalid(fmt::format("\"{}\" is a folder and something else", name));
  }

  Result<> make_hard_link(int parent, const std::string& name, const char* linked) {
    const auto target = TRY(parts_of(linked));
    if (target.empty()) return invalid(fmt::format("\"{}\" is a link to nothing", name));
    const net::Fd folder = TRY(walk({target.data(), target.size() - 1}));
    struct stat seen {};
    if (fstatat(folder.get(), target.back().c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(seen.st_mode)) {
      return invalid(fmt::format("\"{}\" is a link to \"{}\", which is no file of the image", name, linked));
    }
    if (linkat(folder.get(), target.back().c_str(), parent, name.c_str(), 0) != 0) {
      return fail_file("cannot make " + name, errno);
    }
    return {};
  }

  Result<> make_link(int parent, const std::vector<std::string>& parts, const char* target) {
    if (target == nullptr || what_ == LayerOf::host_programs) {
      TRY(check_link(parts.back(), target == nullptr ? "" : target, parts.size() - 1));
    }
    if (symlinkat(target, parent, parts.back().c_str()) != 0) return fail_file("cannot make " + parts.back(), errno);
    return {};
  }

  Result<> make_file(int parent, const std::string& name, mode_t mode) {
    const net::Fd file(openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail_file("cannot make " + name, errno);
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    for (;;) {
      const int read = archive_read_data_block(source_, &data, &size, &offset);
      if (read == ARCHIVE_EOF) break;
      if (read != ARCHIVE_OK) return archive_failure("damaged at " + name, source_);
      if ((bytes_ += size) > kMaxLayerBytes) return invalid("the archive unpacks to too much");
      if (pwrite(file.get(), data, size, offset) != static_cast<ssize_t>(size)) {
        return fail_file("cannot write " + name, errno == 0 ? ENOSPC : errno);
      }
    }
    fchmod(file.get(), mode);
    return {};
  }

  archive* source_;
  int root_;
  LayerOf what_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<> pack_layer(const std::string& directory, const std::string& tar, LayerOf what) {
  const auto paths = TRY(paths_in(directory));
  Archive out(archive_write_new(), &archive_write_free);
  archive_write_set_format_pax_restricted(out.get());
  if (archive_write_open_filename(out.get(), tar.c_str()) != ARCHIVE_OK) {
    return archive_failure("cannot write " + tar, out.get());
  }
  for (const auto& path : paths) TRY(pack_entry(out.get(), directory, path, what));
  if (archive_write_close(out.get()) != ARCHIVE_OK) return archive_failure("cannot write " + tar, out.get());
  return {};
}

Result<> unpack_layer(const std::string& tar, const std::string& directory, LayerOf what) {
  const net::Fd root(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_file("cannot open " + directory, errno);
  Archive in(archive_read_new(), &archive_read_free);
  archive_read_support_format_tar(in.get());
  archive_read_support_format_empty(in.get());
  archive_read_support_filter_gzip(in.get());
  archive_read_support_filter_bzip2(in.get());
  archive_read_support_filter_xz(in.get());
  archive_read_support_filter_zstd(in.get());
  if (archive_read_open_filename(in.get(), tar.c_str(), 65536) != ARCHIVE_OK) {
    return archive_failure("not a tar archive", in.get());
  }
  Unpacking unpacking(in.get(), root.get(), what);
  for (;;) {
    archive_entry* entry = nullptr;
    const int read = archive_read_next_header(in.get(), &entry);
    if (read == ARCHIVE_EOF) return {};
    if (read != ARCHIVE_OK && read != ARCHIVE_WARN) return archive_failure("not a tar archive", in.get());
    TRY(unpacking.unpack(entry));
  }
}

}  // namespace weir::runtime
