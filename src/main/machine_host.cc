#include "main/machine_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "control/real_port.h"
#include "main/buckets.h"
#include "model/documents.h"
#include "model/mesh_documents.h"
#include "net/socket.h"

namespace weir {

Result<> MachineHost::can_listen(std::uint16_t port) {
  for (const auto& other : TRY(store::load_all<model::Listener>(store_, ""))) {
    if (other.document.listener.Port == port) return {};
  }
  for (const auto& other : TRY(store::load_all<model::VirtualGateway>(store_, ""))) {
    const auto has = [port](const auto& listener) { return listener.portMapping.port == port; };
    if (std::ranges::any_of(other.document.spec.listeners, has)) return {};  // it gives way
  }
  const auto true_port = control::real_port(port, port_offset_);
  const auto address = TRY(net::SocketAddress::ip(address_, true_port));
  if (auto probe = net::listen_stream(address); !probe) {
    return fail("PortInUse", fmt::format("port {} cannot be listened on: {}", true_port, probe.error().message),
                ErrorSource::client);
  }
  return {};
}

Result<> MachineHost::make_access_log_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(access_logs_ + "/" + folder, error);
  if (error) return fail("Io", fmt::format("cannot make the folder {}: {}", folder, error.message()));
  return {};
}

Result<std::string> MachineHost::read_object(const std::string& bucket, const std::string& key, std::size_t most) {
  return weir::read_object(buckets_, bucket, key, most);
}

}  // namespace weir
