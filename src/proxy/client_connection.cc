#include "proxy/client_connection.h"

#include "base/hex.h"

namespace weir::proxy {
namespace {

// The fields in which AWS balancers pass a client's certificate on: as it came, or verified.
constexpr std::string_view kClientCertificate = "X-Amzn-Mtls-Clientcert";
constexpr std::string_view kTrustedCertificate = "X-Amzn-Mtls-Clientcert-Leaf";
constexpr std::string_view kSafe = "+=/-._~";  // besides letters and digits

bool plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         kSafe.find(c) != std::string_view::npos;
}

}  // namespace

void ClientOrigin::take_certificate(const std::string& pem, bool verified) {
  trusted = verified;
  certificate.clear();
  for (const char c : pem) {
    if (plain(c)) {
      certificate += c;
    } else {
      certificate += '%';
      certificate += kUpperHex[static_cast<unsigned char>(c) >> 4];
      certificate += kUpperHex[static_cast<unsigned char>(c) & 15];
    }
  }
}

void ClientOrigin::tell_certificate(http::HeaderBlock& fields) const {
  fields.remove(kClientCertificate);
  fields.remove(kTrustedCertificate);
  if (!certificate.empty()) fields.add(trusted ? kTrustedCertificate : kClientCertificate, certificate);
}

ClientOrigin::ClientOrigin(const Entrance& entrance, const net::SocketAddress& from, const net::SocketAddress& to)
    : peer(from), place(to), secure(entrance.tls != nullptr), address(peer.host()) {
  connection = entrance.accepted;
  lines_tell_port = entrance.listener != nullptr && entrance.listener->spec->forwarded.client_port;
  write_lines(entrance);
}

void ClientOrigin::speak_plainly(const Entrance& entrance) {
  secure = false;
  write_lines(entrance);
}

void ClientOrigin::write_lines(const Entrance& entrance) {
  lines = "X-Forwarded-For: " + (lines_tell_port ? peer.text() : address) +
          "\r\nX-Forwarded-Proto: " + std::string(scheme()) + "\r\nX-Forwarded-Port: " + entrance.port + "\r\n";
}

}  // namespace weir::proxy
