#include "main/name_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "dns/datagram.h"
#include "dns/limits.h"
#include "main/process_identity.h"
#include "runtime/name_claim.h"

namespace weir {

namespace {

constexpr std::uint16_t kNamePort = 4553;
constexpr const char* kNameAddress = "127.0.0.1";
constexpr Duration kBetweenFollows = std::chrono::milliseconds(20);
constexpr Duration kFollowAgain = std::chrono::seconds(1);      // after the disk has failed
constexpr Duration kLongestFailure = std::chrono::seconds(10);  // after that tasks end though names lead to them

struct ClaimedPort {
  std::uint16_t port = 0;
  net::Fd claim;
};

// The port that the process of the pid file answers at; none where none runs.
std::optional<std::uint16_t> running_port(const std::string& pid_file) {
  const auto pid = pid_of(pid_file);
  if (!pid) return std::nullopt;
  const auto words = arguments_of(*pid);
  const auto flag = std::ranges::find(words, "--listen");
  if (flag == words.end() || flag + 1 == words.end()) return std::nullopt;
  const auto address = net::SocketAddress::parse(*(flag + 1));
  return address ? std::optional(address->port()) : std::nullopt;
}

// The port, or for 0 a free one, where nobody has it. It is claimed too: the server that binds it shares it with a
// successor, so that two that begin at one moment would else share it with each other.
Result<ClaimedPort> claim_port(std::uint16_t wished) {
  const auto address = TRY(net::SocketAddress::ip(kNameAddress, wished));
  const auto sockets = TRY(dns::listen_for_names(address, dns::Sharing::alone));
  ClaimedPort claimed{.port = sockets.address.port()};
  claimed.claim = runtime::claim_name(fmt::format("weir-names-{}", claimed.port));
  if (claimed.claim) return claimed;
  return fail("Io", fmt::format("cannot listen on {}: another weir serve does", sockets.address.text()));
}

}  // namespace

NameService::NameService(net::Loop& loop, Log& log, const std::string& state_directory)
    : loop_(loop),
      log_(log),
      folder_(state_directory + "/names"),
      pid_file_(state_directory + "/names.pid"),
      log_file_(state_directory + "/names.log"),
      files_(folder_),
      next_follow_(loop, [this] { follow(); }),
      reading_(loop, [this] { on_read(); }) {}

Result<std::unique_ptr<NameService>> NameService::open(net::Loop& loop, Log& log, const std::string& state_directory,
                                                       std::optional<std::uint16_t> port) {
  std::unique_ptr<NameService> made(new NameService(loop, log, state_directory));
  std::error_code error;
  std::filesystem::create_directories(made->folder_, error);
  if (error) return fail("Io", "cannot make " + made->folder_ + ": " + error.message());
  TRY(made->choose_port(port));
  return made;
}

Result<> NameService::choose_port(std::optional<std::uint16_t> wished) {
  const auto running = running_port(pid_file_);
  if (running && (!wished || *wished == 0 || *wished == *running)) {
    port_ = *running;
    return {};
  }
  auto found = claim_port(wished.value_or(kNamePort));
  if (!found && !wished) {
    log_.info(fmt::format("port {} is another program's: names are answered at a free one", kNamePort));
    found = claim_port(0);
  }
  if (!found) return fail("Io", fmt::format("--dns-port {}: {}", wished.value_or(0), found.error().message));
  port_ = found->port;
  claim_ = std::move(found->claim);
  return {};
}

Result<> NameService::start(store::Store& store, std::string address) {
  keeper_ = std::make_unique<control::NameKeeper>(store, files_, std::move(address));
  follow();
  process_ = std::make_unique<KeptProcess>(
      loop_, log_,
      KeptProcessOptions{.what = "name server",
                         .command = {"/proc/self/exe", "names", "--folder", folder_, "--listen", this->address()},
                         .pid_file = pid_file_,
                         .log_file = log_file_});
  TRY(process_->start());
  return process_->outdated() ? process_->replace() : Result<>();
}

void NameService::changed() {
  if (!next_follow_.armed()) next_follow_.arm(loop_.now() + kBetweenFollows);
}

void NameService::set_virtual_services(control::VirtualServices services) {
  keeper_->set_virtual_services(std::move(services));
  changed();
}

// What cannot be written is tried again; until then the last that could be is answered.
void NameService::follow() {
  const auto followed = keeper_->follow();
  if (!followed) return on_follow_failed(followed.error());
  failing_since_.reset();
  await_reading();
}

void NameService::on_follow_failed(const Error& error) {
  const Instant now = loop_.now();
  if (!failing_since_) {
    failing_since_ = now;
    log_.error("names are not written, trying again: " + error.message);
  }
  next_follow_.arm(now + kFollowAgain);
  // Nothing is held up by it for ever.
  if (now - *failing_since_ >= kLongestFailure && told_) told_(std::numeric_limits<std::int64_t>::max());
}

void NameService::await_reading() {
  if (reading_.armed() || keeper_->revision() == promised_) return;
  promised_ = keeper_->revision();
  reading_.arm(loop_.now() + dns::kZoneReadWithin);
}

void NameService::on_read() {
  if (told_) told_(promised_);
  await_reading();
}

std::string NameService::address() const { return fmt::format("{}:{}", kNameAddress, port_); }

}  // namespace weir
