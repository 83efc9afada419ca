#include "cli/image_tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "cli/limits.h"

namespace weir::cli {

namespace {

namespace fs = std::filesystem;

struct ArchiveCloser {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct EntryCloser {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};
using Archive = std::unique_ptr<archive, ArchiveCloser>;
using Entry = std::unique_ptr<archive_entry, EntryCloser>;

std::unexpected<Error> archive_fault(archive* a) {
  const char* words = archive_error_string(a);
  return fail("Io", fmt::format("cannot pack: {}", words != nullptr ? words : "unknown"), ErrorSource::client);
}

// Everything beneath `folder`, as paths relative to it, parents before children.
Result<std::vector<std::string>> names_beneath(const fs::path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    names.push_back(at->path().lexically_relative(folder).string());
  if (error) return fail("Io", fmt::format("{}: {}", folder.string(), error.message()), ErrorSource::client);
  std::ranges::sort(names);
  return names;
}

Result<> copy_content(archive* out, const fs::path& path, std::int64_t size) {
  const net::Fd in(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return fail_errno(path.string(), errno);
  std::vector<char> buffer(kPiece);
  while (size > 0) {
    const ssize_t got = ::read(in.get(), buffer.data(), std::min<std::int64_t>(size, std::ssize(buffer)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(path.string(), errno);
    if (got == 0) return fail("Io", fmt::format("{} shrank while it was read", path.string()), ErrorSource::client);
    if (archive_write_data(out, buffer.data(), static_cast<std::size_t>(got)) != got) return archive_fault(out);
    size -= got;
  }
  return {};
}

Result<> add(archive* out, const fs::path& folder, const std::string& name) {
  const fs::path path = folder / name;
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return fail_errno(path.string(), errno);
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), S_ISDIR(about.st_mode) ? (name + "/").c_str() : name.c_str());
  archive_entry_set_mtime(entry.get(), 0, 0);
  if (S_ISREG(about.st_mode)) {
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), (about.st_mode & S_IXUSR) != 0 ? 0755 : 0644);
    archive_entry_set_size(entry.get(), about.st_size);
  } else if (S_ISDIR(about.st_mode)) {
    archive_entry_set_filetype(entry.get(), AE_IFDIR);
    archive_entry_set_perm(entry.get(), 0755);
  } else if (S_ISLNK(about.st_mode)) {
    archive_entry_set_filetype(entry.get(), AE_IFLNK);
    archive_entry_set_perm(entry.get(), 0777);
    std::error_code error;
    archive_entry_set_symlink(entry.get(), fs::read_symlink(path, error).c_str());
  } else {
    return fail("Io", fmt::format("{} is neither file nor folder nor symbolic link", path.string()),
                ErrorSource::client);
  }
  if (archive_write_header(out, entry.get()) != ARCHIVE_OK) return archive_fault(out);
  if (S_ISREG(about.st_mode)) return copy_content(out, path, about.st_size);
  return {};
}

}  // namespace

Result<Tar> pack_folder(const std::string& folder) {
  FILE* unnamed = ::tmpfile();
  if (unnamed == nullptr) return fail_errno("temporary file", errno);
  Tar tar{net::Fd(::fcntl(::fileno(unnamed), F_DUPFD_CLOEXEC, 0))};
  ::fclose(unnamed);
  if (!tar.file) return fail_errno("temporary file", errno);

  const Archive out(archive_write_new());
  archive_write_set_format_pax_restricted(out.get());
  archive_write_add_filter_none(out.get());
  if (archive_write_open_fd(out.get(), tar.file.get()) != ARCHIVE_OK) return archive_fault(out.get());
  for (const auto& name : TRY(names_beneath(folder))) TRY(add(out.get(), folder, name));
  if (archive_write_close(out.get()) != ARCHIVE_OK) return archive_fault(out.get());

  struct stat about {};
  if (::fstat(tar.file.get(), &about) != 0) return fail_errno("temporary file", errno);
  tar.size = static_cast<std::uint64_t>(about.st_size);
  return tar;
}

}  // namespace weir::cli
