#include "main/container_stats.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <sstream>
#include <utility>

#include "runtime/files.h"

namespace weir {

namespace {

constexpr std::size_t kMostAnswers = 1000;  // containers whose last answer is kept
constexpr std::size_t kLongestProcFile = 64 * 1024;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

// What all processors of the machine have done and not done since its start, in nanoseconds; 0 where that is unknown.
std::int64_t machine_time() {
  const auto text = runtime::read_file("/proc/stat", kLongestProcFile * 16);
  if (!text) return 0;
  std::istringstream words(text->substr(0, text->find('\n')));
  std::string cpu;
  words >> cpu;
  std::int64_t ticks = 0, each = 0;
  // user, nice, system, idle, iowait, irq, softirq: guests' time is in user's.
  for (int i = 0; i < 7 && words >> each; ++i) ticks += each;
  return ticks * (kNanoseconds / sysconf(_SC_CLK_TCK));
}

Json cpu_stats(const runtime::ResourceUse& use) {
  Json cpu = Json::object().set("cpu_usage", Json::object().set("total_usage", use.cpu_nanoseconds));
  if (const std::int64_t machine = machine_time(); machine > 0) cpu.set("system_cpu_usage", machine);
  return cpu.set("online_cpus", std::int64_t{sysconf(_SC_NPROCESSORS_ONLN)});
}

// As Docker has it, the machine's memory is the limit of what has none.
Json memory_stats(const runtime::ResourceUse& use) {
  const std::int64_t machine = std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  return Json::object().set("usage", use.memory_bytes).set("limit", use.memory_limit > 0 ? use.memory_limit : machine);
}

}  // namespace

Json networks_in(const std::string& net_dev) {
  constexpr std::pair<const char*, int> kCounters[] = {{"rx_bytes", 0},   {"rx_packets", 1}, {"rx_errors", 2},
                                                       {"rx_dropped", 3}, {"tx_bytes", 8},   {"tx_packets", 9},
                                                       {"tx_errors", 10}, {"tx_dropped", 11}};
  constexpr std::size_t kColumns = 16;
  Json networks = Json::object();
  std::istringstream lines(net_dev);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(line.find_first_not_of(' '), colon - line.find_first_not_of(' '));
    std::istringstream words(line.substr(colon + 1));
    std::int64_t columns[kColumns] = {};
    std::size_t count = 0;
    while (count < kColumns && words >> columns[count]) ++count;
    if (name == "lo" || count < kColumns) continue;
    Json network = Json::object();
    for (const auto& [word, column] : kCounters) network.set(word, columns[column]);
    networks.set(name, network);
  }
  return networks;
}

Json ContainerStats::answer(const Of& container, Timestamp now) {
  if (last_.size() >= kMostAnswers && !last_.contains(container.id)) last_.clear();
  Json cpu = cpu_stats(container.use);
  Answer before = std::exchange(last_[container.id], {now, cpu});
  Json stats = Json::object().set("read", to_iso8601(now));
  if (before.at != Timestamp{}) stats.set("preread", to_iso8601(before.at));
  stats.set("cpu_stats", cpu);
  if (before.at != Timestamp{}) stats.set("precpu_stats", before.cpu);
  stats.set("memory_stats", memory_stats(container.use)).set("name", "/" + container.name).set("id", container.id);
  if (container.network_process == 0) return stats;
  const auto counters =
      runtime::read_file(fmt::format("/proc/{}/net/dev", container.network_process), kLongestProcFile);
  if (counters) stats.set("networks", networks_in(*counters));
  return stats;
}

}  // namespace weir
