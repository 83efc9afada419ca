#include "runtime/host_network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "runtime/files.h"
#include "runtime/links.h"
#include "runtime/name_claim.h"
#include "runtime/packet_rules.h"
#include "runtime/sha256.h"

namespace weir::runtime {
namespace {

constexpr const char* kAllLinks = "weir";
constexpr const char* kTables = "weir-net-";     // + instance
constexpr const char* kNotes = "weir-forward-";  // + link: that this program switched its forwarding on
constexpr std::size_t kMaxHostFileBytes = 1 << 20;
constexpr const char* kHostResolvConf = "/etc/resolv.conf";

std::string link_prefix(const std::string& instance) { return kAllLinks + instance + "."; }

std::string read_or_empty(const std::string& path) { return read_file(path, kMaxHostFileBytes).value_or(""); }

std::string forwarding_of(const std::string& link) { return "/proc/sys/net/ipv4/conf/" + link + "/forwarding"; }

bool write_setting(const std::string& path, const char* value) {
  const net::Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && write(fd.get(), value, 1) == 1;
}

bool is_on(const std::string& setting) { return read_or_empty(setting).starts_with('1'); }

// systemd's resolver names the true servers beside the one that it is itself.
std::string host_resolv_conf() {
  const std::string content = read_or_empty(kHostResolvConf);
  if (content.find("127.0.0.53") == std::string::npos) return content;
  const std::string beside = read_or_empty("/run/systemd/resolve/resolv.conf");
  return beside.empty() ? content : beside;
}

}  // namespace

std::string resolv_conf_for_task(const std::string& content, const std::string& gateway) {
  std::istringstream lines(content);
  std::string all, line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string key, value;
    words >> key >> value;
    const bool loopback = key == "nameserver" && (value.starts_with("127.") || value == "::1");
    all += (loopback ? "nameserver " + gateway : line) + "\n";
  }
  return all;
}

std::string resolv_conf_for_names(const std::string& content, const std::string& gateway) {
  std::istringstream lines(content);
  std::string all = "nameserver " + gateway + "\n", line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key != "nameserver") all += line + "\n";
  }
  return all;
}

std::vector<std::string> uplinks(const std::string& routes) {
  std::istringstream lines(routes);
  std::vector<std::string> names;
  std::string line;
  std::getline(lines, line);  // the columns' names
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name, destination;
    words >> name >> destination;
    if (destination == "00000000" && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

HostNetwork::HostNetwork(Log& log, const std::string& state_directory, NetworkWish wish, HostServices services)
    : log_(log),
      wish_(wish),
      services_(services),
      instance_(digest_of(state_directory).substr(7, 6)),
      addresses_(static_cast<std::uint32_t>(std::stoul(instance_, nullptr, 16))) {}

HostNetwork::~HostNetwork() {
  if (prepared_ && in_use_ == 0) remove();
}

Result<> HostNetwork::check() {
  if (wish_ == NetworkWish::host) return fail("NotPermitted", "it is not wished");
  auto tried = try_networks();
  available_ = tried.has_value();
  return tried;
}

bool HostNetwork::available() {
  if (wish_ == NetworkWish::host) return false;
  if (!available_) {
    if (const auto tried = check(); !tried) {
      log_.warning(
          fmt::format("awsvpc tasks run on the host's network with ports of their own choice (PORT), not at "
                      "addresses of their own: {}",
                      tried.error().message));
    }
  }
  return *available_;
}

Result<ReservedNetwork> HostNetwork::take() {
  if (!prepared_) prepare();
  auto reserved = TRY(addresses_.take());
  ++in_use_;
  const std::uint32_t number = reserved.address;
  const std::string gateway = address_text(kTaskGateway);
  return ReservedNetwork{.network = {.link = fmt::format("{}{:04x}", link_prefix(instance_), number & 0xffff),
                                     .address = address_text(number),
                                     .gateway = gateway,
                                     .mac = fmt::format("0a:58:{:02x}:{:02x}:{:02x}:{:02x}", number >> 24,
                                                        number >> 16 & 255, number >> 8 & 255, number & 255),
                                     .resolv_conf = resolv_conf_},
                         .reservation = std::move(reserved.reservation)};
}

void HostNetwork::hold(const TaskNetwork& network) {
  if (!prepared_) prepare();
  addresses_.hold(address_number(network.address));
  ++in_use_;
}

void HostNetwork::release(const TaskNetwork& network) {
  if (auto links = Links::open()) {
    // The shim took it away where it could.
    [[maybe_unused]] const auto gone = links->remove(network.link);
  }
  addresses_.release(address_number(network.address));
  --in_use_;
}

// --- what the host needs ----------------------------------------------------------------------------------------

void HostNetwork::prepare() {
  prepared_ = true;
  alive_ = claim_name(kTables + instance_);
  sweep();
  const auto set = set_rules();
  choose_resolv_conf(set.has_value() && services_.name_port != 0);
  if (!set) {
    log_.warning(fmt::format(
        "tasks with addresses of their own reach each other and are reached by the proxy, but neither other machines "
        "nor what listens on this host's loopback: no packet rules can be made (nf_tables): {}",
        set.error().message));
    return;
  }
  forward_on_uplinks();
}

Result<> HostNetwork::set_rules() {
  auto rules = TRY(PacketRules::open());
  return rules.make({.table = kTables + instance_,
                     .links = link_prefix(instance_),
                     .all_links = kAllLinks,
                     .gateway = kTaskGateway,
                     .network = kTaskNetwork,
                     .mask = kTaskNetworkMask,
                     .name_port = services_.name_port,
                     .services = services_.mesh_range});
}

void HostNetwork::choose_resolv_conf(bool names_are_reached) {
  const std::string gateway = address_text(kTaskGateway);
  const auto choose = names_are_reached ? resolv_conf_for_names : resolv_conf_for_task;
  resolv_conf_ = choose(host_resolv_conf(), gateway);
  if (services_.name_port == 0) return;
  if (!names_are_reached) {
    log_.warning("tasks with addresses of their own ask the host's name servers, and do not find Weir's names");
  } else if (access(kHostResolvConf, F_OK) != 0) {
    log_.warning(
        "tasks that are no whole root file system do not find Weir's names: this host has no /etc/resolv.conf "
        "in whose place they could read another");
  }
}

// Removes the rules of instances that neither live nor have tasks.
void HostNetwork::sweep() {
  auto rules = PacketRules::open();
  auto links = Links::open();
  if (!rules || !links) return;
  const auto tables = rules->list(kTables);
  const auto present = links->list(kAllLinks);
  if (!tables || !present) return;
  for (const auto& table : *tables) {
    const std::string instance = table.substr(std::string_view(kTables).size());
    if (instance == instance_) continue;
    const auto is_its = [&](const std::string& link) { return link.starts_with(link_prefix(instance)); };
    if (std::ranges::any_of(*present, is_its) || !claim_name(table)) continue;
    [[maybe_unused]] const auto gone = rules->remove(table);
  }
}

// Answers from other machines come in by an uplink and are passed on to a task only where that is allowed.
void HostNetwork::forward_on_uplinks() {
  const auto names = uplinks(read_or_empty("/proc/net/route"));
  if (names.empty()) return log_.info("tasks reach no other machine: this host has no default route itself");
  auto rules = PacketRules::open();
  for (const auto& name : names) {
    if (is_on(forwarding_of(name)) || !rules) continue;
    if (!rules->make_note(kNotes + name) || !write_setting(forwarding_of(name), "1")) {
      [[maybe_unused]] const auto gone = rules->remove(kNotes + name);
      log_.warning(
          fmt::format("tasks with addresses of their own reach no other machine: net.ipv4.conf.{}.forwarding is 0 and "
                      "cannot be set",
                      name));
    } else {
      log_.info(fmt::format("net.ipv4.conf.{}.forwarding is 1 while tasks have addresses of their own", name));
    }
  }
}

void HostNetwork::remove() {
  auto rules = PacketRules::open();
  if (!rules) return;
  [[maybe_unused]] const auto gone = rules->remove(kTables + instance_);
  sweep();
  const auto others = rules->list(kTables);
  if (others && others->empty()) stop_forwarding();
}

// What was switched on is switched off, unless somebody has since switched on all of it.
void HostNetwork::stop_forwarding() {
  auto rules = PacketRules::open();
  const auto notes = rules ? rules->list(kNotes) : std::unexpected(rules.error());
  if (!notes) return;
  for (const auto& note : *notes) {
    const std::string link = note.substr(std::string_view(kNotes).size());
    if (!is_on("/proc/sys/net/ipv4/ip_forward")) write_setting(forwarding_of(link), "0");
    [[maybe_unused]] const auto gone = rules->remove(note);
  }
}

}  // namespace weir::runtime
