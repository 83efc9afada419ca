#include "main/key_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/secret_box.h"
#include "net/fd.h"

namespace weir {

namespace {

std::unexpected<Error> no_key(const std::string& path, const std::string& why) {
  return fail("Io", "the key of secrets " + path + " " + why);
}

Result<std::string> read_key(int fd, const std::string& path) {
  struct stat seen {};
  if (::fstat(fd, &seen) != 0) return fail_errno("cannot look at " + path, errno);
  if ((seen.st_mode & 077) != 0) return no_key(path, "can be read by others: chmod 600, and change the secrets");
  std::string key(SecretBox::kKeyBytes + 1, '\0');
  const ssize_t size = ::read(fd, key.data(), key.size());
  if (size != static_cast<ssize_t>(SecretBox::kKeyBytes)) return no_key(path, "is damaged");
  key.resize(SecretBox::kKeyBytes);
  return key;
}

// Complete and on the disk before it has its name.
Result<std::string> make_key(const std::string& path) {
  const std::string key = SecretBox::new_key(), fresh = path + ".new";
  ::unlink(fresh.c_str());
  const net::Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || ::write(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()) ||
      ::fsync(file.get()) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0) {
    return fail_errno("cannot write " + path, errno);
  }
  const net::Fd folder(::open(path.substr(0, path.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return fail_errno("cannot write " + path, errno);
  return key;
}

}  // namespace

Result<std::string> read_or_make_key(const std::string& path) {
  const net::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return read_key(file.get(), path);
  if (errno != ENOENT) return fail_errno("cannot read " + path, errno);
  return make_key(path);
}

}  // namespace weir
