// NameServer: DNS over UDP and TCP at one address: answers by a NameTable, and has a Forwarder ask for the rest. One
// thread, on its loop; owned by `weir names`.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/cidr.h"
#include "base/random.h"
#include "dns/datagram.h"
#include "dns/forwarder.h"
#include "dns/name_stream.h"
#include "dns/names.h"
#include "net/loop.h"

namespace weir::dns {

class NameServer final : private net::FdHandler {
 public:
  // `tasks`: the addresses of those who are told what tasks reach. The table, the forwarder and chance outlive this.
  NameServer(net::Loop& loop, NameSockets sockets, const NameTable& names, Forwarder& forwarder, Cidr tasks,
             Random& random);
  ~NameServer() override;

  // Answers what has arrived and takes nothing new.
  void close();
  std::size_t streams() const { return streams_.size(); }

 private:
  struct Acceptor final : net::FdHandler {
    explicit Acceptor(NameServer& the_server) : server(the_server) {}
    void on_ready(std::uint32_t) override { server.accept(); }
    NameServer& server;
  };
  // Takes a reply; one that is empty ends a stream and says nothing to a datagram.
  using Say = std::function<void(std::string)>;

  void on_ready(std::uint32_t events) override;  // datagrams
  bool receive();
  void accept();
  void make_room();
  Asker asker(const net::SocketAddress& peer) const;
  // `say` is called once, before this returns or later.
  void answer(std::string_view message, Asker asker, Transport transport, Say say);
  void forward(std::string_view message, const Query& query, Transport transport, Say say);
  void follow(const Query& query, Reply reply, std::size_t limit, Say say);

  net::Loop& loop_;
  NameSockets sockets_;
  const NameTable& names_;
  Forwarder& forwarder_;
  const Cidr tasks_;
  Random& random_;
  Acceptor acceptor_{*this};
  bool closed_ = false;
  std::uint64_t next_stream_ = 0;
  std::map<std::uint64_t, std::unique_ptr<NameStream>> streams_;
};

}  // namespace weir::dns
