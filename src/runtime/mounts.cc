#include "runtime/mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "net/fd.h"
#include "runtime/limits.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;

int result(int returned) { return returned == 0 ? 0 : errno; }

bool is_there(const fs::path& path) {
  struct stat seen {};
  return ::stat(path.c_str(), &seen) == 0;
}

int bind_over(const fs::path& source, const fs::path& target) {
  return result(::mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr));
}

// An empty file or folder, as `like` is one, for something to be bound over.
int make_place(const fs::path& place, const fs::path& like) {
  std::error_code error;
  if (fs::is_directory(like, error)) return ::mkdir(place.c_str(), 0755) == 0 || errno == EEXIST ? 0 : errno;
  const int fd = ::open(place.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  ::close(fd);
  return 0;
}

// Shows in `copy`, an empty folder, what is in `folder`.
int show_in(const fs::path& folder, const fs::path& copy) {
  std::error_code error;
  std::size_t entries = 0;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (++entries > kMaxCopiedEntries) return E2BIG;
    const fs::path place = copy / entry.path().filename();
    if (entry.is_symlink(error)) {
      if (::symlink(fs::read_symlink(entry.path(), error).c_str(), place.c_str()) != 0) return errno;
      continue;
    }
    if (const int why = make_place(place, entry.path())) return why;
    // What may not be bound (a dead mount) is left out.
    (void)bind_over(entry.path(), place);
  }
  return error.value();
}

int mount_empty(const fs::path& place) {
  return result(::mount("tmpfs", place.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m"));
}

// Replaces `folder` by a copy of it that can be written to. For "/" this process gets a root of its own.
int replace_by_copy(const fs::path& folder, const fs::path& scratch) {
  if (folder == "/") {
    if (const int why = mount_empty(scratch)) return why;
    if (const int why = show_in("/", scratch)) return why;
    if (::chroot(scratch.c_str()) != 0) return errno;
    return result(::chdir("/"));
  }
  // The folder stays within reach by a descriptor while the copy is laid over it, and perhaps over `scratch`.
  if (const int why = bind_over(folder, scratch)) return why;
  const net::Fd open_folder(::open(scratch.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!open_folder) return errno;
  if (const int why = mount_empty(folder)) return why;
  return show_in("/proc/self/fd/" + std::to_string(open_folder.get()), folder);
}

int make_target(const fs::path& target, const fs::path& source, const fs::path& scratch) {
  if (is_there(target)) return 0;
  fs::path above = target.parent_path();
  while (!is_there(above)) above = above.parent_path();
  if (const int why = replace_by_copy(above, scratch)) return why;
  fs::path place = above;
  for (const auto& part : target.parent_path().lexically_relative(above)) {
    if (part == ".") continue;
    place /= part;
    if (::mkdir(place.c_str(), 0755) != 0 && errno != EEXIST) return errno;
  }
  return make_place(target, source);
}

}  // namespace

int enter_mounts(const std::vector<Mount>& mounts, const std::string& scratch) {
  if (::unshare(CLONE_NEWNS) != 0) return errno;
  if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  for (const auto& [source, target, read_only] : mounts) {
    if (const int why = make_target(target, source, scratch)) return why;
    if (const int why = bind_over(source, target)) return why;
    if (read_only && ::mount("", target.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0) return errno;
  }
  return 0;
}

}  // namespace weir::runtime
