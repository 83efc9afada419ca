#include "main/certificate_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "net/fd.h"

namespace weir {

namespace {

std::unexpected<Error> io(const std::string& what) { return fail("Io", what + ": " + std::strerror(errno)); }

Result<> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return io("cannot make " + path);
}

Result<> write_file(const std::string& path, const std::string& text) {
  const net::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return io("cannot write " + path);
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t size = ::write(file.get(), text.data() + sent, text.size() - sent);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return io("cannot write " + path);
    sent += static_cast<std::size_t>(size);
  }
  return ::fsync(file.get()) == 0 ? Result<>() : io("cannot write " + path);
}

Result<> sync_folder(const std::string& path) {
  const net::Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return io("cannot write " + path);
  return {};
}

}  // namespace

Result<> CertificateFiles::keep(const std::string& file, const std::string& chain, const std::string& key) {
  const std::string own = folder_ + "/" + file.substr(0, file.find('/'));
  TRY(make_folder(folder_));
  TRY(make_folder(own));
  TRY(write_file(folder_ + "/" + file + ".crt", chain));
  if (!key.empty()) TRY(write_file(folder_ + "/" + file + ".key", key));
  TRY(sync_folder(own));
  return sync_folder(folder_);
}

void CertificateFiles::forget(const std::string& id) {
  std::error_code ignored;  // what stays behind is never named again
  std::filesystem::remove_all(folder_ + "/" + id, ignored);
}

}  // namespace weir
