#include "main/process_identity.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir {

namespace {

constexpr std::string_view kDeleted = " (deleted)";  // what the kernel says after the path of a file that is gone

// Field 22 of /proc/<pid>/stat: with the pid, it names a process for good. Empty for one that is gone or a zombie.
std::string start_time(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::stringstream text;
  text << file.rdbuf();
  const std::string stat = text.str();
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22 && fields >> field; ++i) {
    if (i == 3 && field == "Z") return {};
  }
  return field;
}

}  // namespace

std::optional<pid_t> pid_of(const std::string& pid_file) {
  std::ifstream file(pid_file);
  pid_t pid = 0;
  std::string since;
  if (!(file >> pid >> since) || pid <= 0 || start_time(pid) != since) return std::nullopt;
  return pid;
}

Result<> write_pid_file(const std::string& path, pid_t pid) {
  const std::string fresh = fmt::format("{}.{}", path, ::getpid());
  std::ofstream file(fresh, std::ios::trunc);
  file << pid << ' ' << start_time(pid) << '\n';
  file.close();
  if (!file || ::rename(fresh.c_str(), path.c_str()) != 0) return fail_errno("cannot write " + path, errno);
  return {};
}

std::string own_program() {
  std::error_code error;
  std::string path = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (path.ends_with(kDeleted) && ::access(path.c_str(), F_OK) != 0) path.resize(path.size() - kDeleted.size());
  return path;
}

std::vector<std::string> arguments_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/cmdline", pid), std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  if (!words.empty()) words.erase(words.begin());
  return words;
}

bool runs_own_program(pid_t pid) {
  struct stat own {
  }, other{};
  return ::stat("/proc/self/exe", &own) == 0 && ::stat(fmt::format("/proc/{}/exe", pid).c_str(), &other) == 0 &&
         own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

}  // namespace weir
