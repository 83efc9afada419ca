#include "runtime/oci_container.h"

#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <limits>

#include "runtime/cgroups.h"
#include "runtime/files.h"
#include "runtime/limits.h"
#include "runtime/user.h"

namespace weir::runtime {
namespace {

// What a program may do, as ECS grants it by default.
constexpr const char* kCapabilities[] = {"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
                                         "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
                                         "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
                                         "CAP_KILL",    "CAP_AUDIT_WRITE"};
constexpr const char* kMasked[] = {"/proc/acpi",          "/proc/kcore",      "/proc/keys",
                                   "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                                   "/proc/sched_debug",   "/proc/scsi",       "/sys/firmware"};
constexpr const char* kReadOnly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
constexpr const char* kRuncPlaces[] = {"/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc",
                                       "/usr/local/bin/runc"};
constexpr const char* kStartPid = "/pid";
constexpr const char* kCheckPid = "/check.pid";

std::unexpected<Error> cannot_start(std::string why) {
  return fail("CannotStartContainerError", std::move(why), ErrorSource::runtime);
}

Result<std::string> find_runc(const std::string& image) {
  const std::string what = fmt::format("image {} has a root file system of its own: running it wants ", image);
  if (geteuid() != 0) return cannot_start(what + "root");
  for (const char* place : kRuncPlaces) {
    if (access(place, X_OK) == 0) return std::string(place);
  }
  return cannot_start(what + "runc, which is not installed");
}

// Short: it names groups too.
std::string id_of(const TaskSpec& spec, const ContainerSpec& container) {
  std::size_t number = 0;
  while (number < spec.containers.size() && spec.containers[number].name != container.name) ++number;
  return fmt::format("weir-{}-{}", spec.id, number);
}

template <class Words>
Json list(const Words& words) {
  Json json = Json::array();
  for (const auto& word : words) json.push(std::string(word));
  return json;
}

Json mount_of(const char* destination, const std::string& type, const std::string& source,
              const std::vector<std::string>& options) {
  return Json::object()
      .set("destination", destination)
      .set("type", type)
      .set("source", source)
      .set("options", list(options));
}

Json mounts(const std::string& resolv_conf) {
  Json all = Json::array();
  all.push(mount_of("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  all.push(mount_of("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  all.push(mount_of("/dev/pts", "devpts", "devpts",
                    {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
  all.push(mount_of("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}));
  all.push(mount_of("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  all.push(mount_of("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  for (const std::string& file : {resolv_conf, std::string("/etc/hosts")}) {
    const char* place = file == "/etc/hosts" ? "/etc/hosts" : "/etc/resolv.conf";
    if (access(file.c_str(), R_OK) == 0) all.push(mount_of(place, "bind", file, {"bind", "ro"}));
  }
  return all;
}

Result<Json> volumes(const std::vector<MountSpec>& wished, const std::string& directory) {
  Json all = Json::array();
  for (const auto& mount : wished) {
    const std::string source = TRY(volume_source(mount, directory));
    all.push(mount_of(mount.container_path.c_str(), "bind", source, {"rbind", mount.read_only ? "ro" : "rw"}));
  }
  return all;
}

Json user_json(const User& user) {
  Json groups = Json::array();
  for (const auto group : user.groups) groups.push(std::int64_t{group});
  return Json::object()
      .set("uid", std::int64_t{user.uid})
      .set("gid", std::int64_t{user.gid})
      .set("additionalGids", groups);
}

Json rlimits(const std::vector<Ulimit>& wished) {
  constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();
  Json all = Json::array();
  for (const auto& limit : wished) {
    std::string type = "RLIMIT_";
    for (const char c : limit.name) type += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    all.push(Json::object()
                 .set("type", type)
                 .set("soft", limit.soft < 0 ? none : limit.soft)
                 .set("hard", limit.hard < 0 ? none : limit.hard));
  }
  return all;
}

Json namespaces() {
  Json all = Json::array();
  // The network is the task's: the shim is in it.
  for (const char* type : {"pid", "ipc", "uts", "mount"}) all.push(Json::object().set("type", type));
  return all;
}

struct What {
  std::vector<std::string> arguments, environment;
  std::string directory, hostname, root, group;
  User user;
  std::vector<Ulimit> ulimits;
  Json mounts;
};

std::string config_json(const What& what) {
  Json granted = Json::object();
  for (const char* set : {"bounding", "effective", "permitted"}) granted.set(set, list(kCapabilities));
  const Json process = Json::object()
                           .set("terminal", false)
                           .set("user", user_json(what.user))
                           .set("rlimits", rlimits(what.ulimits))
                           .set("args", list(what.arguments))
                           .set("env", list(what.environment))
                           .set("cwd", what.directory)
                           .set("capabilities", granted)
                           .set("oomScoreAdj", 0);
  return Json::object()
      .set("ociVersion", "1.0.2")
      .set("process", process)
      .set("root", Json::object().set("path", what.root).set("readonly", false))
      .set("hostname", what.hostname)
      .set("mounts", what.mounts)
      .set("linux", Json::object()
                        .set("cgroupsPath", what.group)
                        .set("namespaces", namespaces())
                        .set("maskedPaths", list(kMasked))
                        .set("readonlyPaths", list(kReadOnly)))
      .dump();
}

// The container's own layer above the image's.
Result<> mount_root(const std::string& folder, const std::string& lower) {
  for (const char* name : {"/upper", "/work", "/root"}) TRY(make_directories(folder + name));
  const std::string root = folder + "/root";
  const std::string options = fmt::format("lowerdir={},upperdir={}/upper,workdir={}/work", lower, folder, folder);
  if (mount("overlay", root.c_str(), "overlay", 0, options.c_str()) == 0) return {};
  return cannot_start(fmt::format("its root file system cannot be mounted (overlay): {}", std::strerror(errno)));
}

}  // namespace

Result<OciContainer> OciContainer::make(const std::string& directory, const TaskRecord& record,
                                        const ContainerSpec& container, const ImageConfig& image,
                                        const std::string& root) {
  OciContainer made;
  made.program_ = TRY(find_runc(container.image));
  made.folder_ = directory + "/roots/" + container.name;
  made.id_ = id_of(record.spec, container);
  const ProcessPlan plan = TRY(plan_in_image(record.spec.id, container, image));
  Json mounted = mounts(record.network ? directory + "/resolv.conf" : "/etc/resolv.conf");
  const Json bound = TRY(volumes(container.mounts, directory));
  for (const auto& volume : bound.items()) mounted.push(volume);
  const User user = TRY(choose_user(container.user, image.user, root)).value_or(User{});
  TRY(mount_root(made.folder_, root));
  const std::string config = config_json({.arguments = plan.arguments,
                                          .environment = plan.environment,
                                          .directory = plan.directory,
                                          .hostname = record.spec.id.substr(0, 12),
                                          .root = made.folder_ + "/root",
                                          .group = made.id_,
                                          .user = user,
                                          .ulimits = container.ulimits,
                                          .mounts = mounted});
  const auto written = write_file(made.folder_ + "/config.json", config, Durability::process);
  if (!written) return cannot_start(written.error().message);
  return made;
}

ProcessPlan OciContainer::runc(const std::string& verb, const char* pid_file) const {
  ProcessPlan plan{.program = program_,
                   .arguments = {"runc", "--root", folder_ + "/runc", "--log", folder_ + "/runc.log", verb, "--detach",
                                 "--pid-file", folder_ + pid_file},
                   .environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                   .directory = folder_};
  plan.pid_file = folder_ + pid_file;
  return plan;
}

ProcessPlan OciContainer::start() const {
  ProcessPlan plan = runc("run", kStartPid);
  plan.arguments.insert(plan.arguments.end(), {"--bundle", folder_, id_});
  return plan;
}

ProcessPlan OciContainer::check(const HealthCheckSpec& wished) const {
  ProcessPlan plan = runc("exec", kCheckPid);
  plan.arguments.push_back(id_);
  plan.arguments.insert(plan.arguments.end(), wished.command.begin(), wished.command.end());
  return plan;
}

void OciContainer::clean() const {
  remove_tree(folder_ + "/runc");
  remove_everywhere(id_);
}

void clean_after_runc(const std::string& directory, const TaskSpec& spec) {
  for (const auto& container : spec.containers) {
    const std::string kept = directory + "/roots/" + container.name + "/runc";
    if (access(kept.c_str(), F_OK) != 0) continue;
    remove_tree(kept);
    remove_everywhere(id_of(spec, container));
  }
}

}  // namespace weir::runtime
