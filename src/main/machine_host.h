// MachineHost: this machine, as the façade asks about it. Control thread.
#pragma once

#include <string>

#include "api/host.h"
#include "store/store.h"

namespace weir {

class MachineHost final : public api::Host {
 public:
  // Listeners are bound on `address`; those with ports below 1024 `port_offset` higher. `access_logs`: the folder below
  // which access logs are; `buckets`: that of what clients name by bucket and key.
  MachineHost(store::Store& store, std::string address, unsigned port_offset, std::string access_logs,
              std::string buckets)
      : store_(store),
        address_(std::move(address)),
        port_offset_(port_offset),
        access_logs_(std::move(access_logs)),
        buckets_(std::move(buckets)) {}

  // A port that one of our own listeners has is shared, so it counts as free.
  Result<> can_listen(std::uint16_t port) override;
  Result<> make_access_log_folder(const std::string& folder) override;
  Result<std::string> read_object(const std::string& bucket, const std::string& key, std::size_t most) override;

 private:
  store::Store& store_;
  std::string address_;
  unsigned port_offset_;
  std::string access_logs_;
  std::string buckets_;
};

}  // namespace weir
