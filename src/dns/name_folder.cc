#include "dns/name_folder.h"

#include <sys/inotify.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "dns/limits.h"

namespace weir::dns {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kZoneFiles = ".json";

Result<Zone> read_zone(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return fail("Io", error.message());
  if (size > kLargestZoneFile) return fail("Io", "it is too large");
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return zone_from_json(TRY(Json::parse(text.str())));
}

}  // namespace

NameFolder::~NameFolder() {
  if (changes_) loop_.unwatch(changes_.get());
}

Result<> NameFolder::open() {
  changes_ = net::Fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!changes_) return fail_errno("cannot watch " + folder_, errno);
  constexpr std::uint32_t kSeen = IN_MOVED_TO | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
  if (inotify_add_watch(changes_.get(), folder_.c_str(), kSeen) < 0) {
    changes_.reset();
    return fail_errno("cannot watch " + folder_, errno);
  }
  loop_.watch(changes_.get(), net::kReadable, *this);
  read_all();
  return {};
}

void NameFolder::on_ready(std::uint32_t) {
  alignas(inotify_event) char buffer[16 << 10];
  const ssize_t count = ::read(changes_.get(), buffer, sizeof buffer);
  std::set<std::string> changed;
  for (ssize_t at = 0; at < count;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
    if (event->mask & IN_Q_OVERFLOW) return read_all();
    if (event->len > 0) changed.insert(event->name);
    at += static_cast<ssize_t>(sizeof *event + event->len);
  }
  for (const auto& file : changed) read(file);
}

void NameFolder::read_all() {
  std::set<std::string> files = known_;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) files.insert(entry.path().filename());
  for (const auto& file : files) read(file);
}

void NameFolder::read(const std::string& file) {
  if (!file.ends_with(kZoneFiles)) return;
  const std::string path = folder_ + "/" + file;
  std::error_code error;
  if (!fs::exists(path, error)) {
    names_.remove(file);
    known_.erase(file);
    return;
  }
  auto zone = read_zone(path);
  if (!zone) return log_.error("names: " + path + " cannot be read: " + zone.error().message);
  known_.insert(file);
  names_.put(file, std::move(*zone));
}

}  // namespace weir::dns
