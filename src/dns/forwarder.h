// Forwarder: asks the host's own resolvers what Weir's names do not answer. Each query goes out from a socket of its
// own and under an id of its own, both by chance, so that nobody who does not see it can answer it; the next server is
// asked where one is silent or fails. Nothing is kept of what they say. One thread; owned by the NameServer's process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dns/resolvers.h"
#include "net/loop.h"

namespace weir::dns {

enum class Transport : std::uint8_t { datagram, stream };

class Forwarder {
 public:
  // A reply with the query's own id; none where nobody answered in time.
  using Told = std::function<void(std::optional<std::string>)>;
  // Bits that nobody can guess.
  using Secrets = std::function<std::uint64_t()>;

  Forwarder(net::Loop& loop, Resolvers& resolvers, Secrets secrets);
  ~Forwarder();  // whoever waits is told nothing

  // Asks what `query`, a whole message, asks, by the transport that the client chose: a truncated reply is the client's
  // to repeat by a stream. `told` is called once, later; at once where no more may be out or there is no resolver.
  void ask(std::string_view query, Transport transport, Told told);

  std::size_t outstanding() const { return flights_.size(); }

 private:
  class Flight;
  void ended(Flight& flight, std::optional<std::string> reply);

  net::Loop& loop_;
  Resolvers& resolvers_;
  Secrets secrets_;
  std::map<const Flight*, std::unique_ptr<Flight>> flights_;
};

}  // namespace weir::dns
