#include "main/machine_host.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "model/documents.h"
#include "net/socket.h"

namespace weir {

Result<> MachineHost::can_listen(std::uint16_t port) {
  for (const auto& other : TRY(store::load_all<model::Listener>(store_, ""))) {
    if (other.document.listener.Port == port) return {};
  }
  const auto true_port = static_cast<std::uint16_t>(port < 1024 ? port + port_offset_ : port);
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
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(fs::path(buckets_) / bucket, error);
  const fs::path path = fs::canonical(folder / fs::path(key).relative_path(), error);
  const auto absent = [&] {
    return fail("NotFound", fmt::format("there is no file {}/{}/{}", buckets_, bucket, key), ErrorSource::client);
  };
  if (error || bucket.empty() || bucket.find('/') != std::string::npos || bucket.starts_with('.')) return absent();
  if (!path.string().starts_with(folder.string() + "/") || !fs::is_regular_file(path, error)) return absent();
  std::ifstream file(path, std::ios::binary);
  std::string text(most + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.is_open()) return fail("Io", "cannot read " + path.string());
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > most) return fail("TooLarge", fmt::format("{} is too large", key), ErrorSource::client);
  return text;
}

}  // namespace weir
