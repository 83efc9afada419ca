// NameKeeper: keeps what `weir names` answers the image of the store: follows the change feed and writes the zones that
// a change touches, each by itself. Virtual services are told to it by whoever compiles the mesh. One thread; owned by
// main/, which calls follow() a moment after something has changed, so that a storm of starts costs a few writes.
#pragma once

#include <map>
#include <set>
#include <string>

#include "control/name_zones.h"
#include "store/store.h"

namespace weir::control {

// Where zones go; an id names one. Errors: "Full", "Io".
class ZoneFolder {
 public:
  virtual ~ZoneFolder() = default;
  virtual Result<> write(const std::string& id, const dns::Zone& zone) = 0;
  virtual Result<> remove(const std::string& id) = 0;
  // Removes all others: those that an earlier one left.
  virtual Result<> keep_only(const std::set<std::string>& ids) = 0;
};

class NameKeeper {
 public:
  // `address`: where balancers' listeners are bound.
  NameKeeper(store::Store& store, ZoneFolder& folder, std::string address)
      : store_(store), folder_(folder), address_(std::move(address)) {}

  // Catches up with the store. Errors: the store's and the folder's; the next call goes on from there.
  Result<> follow();

  // What is written is the image of this revision of the store; -1 before the first.
  std::int64_t revision() const { return written_; }

  // The virtual services of all meshes, every one; the next follow() writes them where they are others than before.
  void set_virtual_services(VirtualServices services);

 private:
  Result<> begin();
  Result<> note(const store::Key& key);
  Result<> note_service(const std::string& key);
  Result<> write_space(const std::string& key);
  Result<> write_balancers();

  store::Store& store_;
  ZoneFolder& folder_;
  const std::string address_;
  std::int64_t revision_ = -1;  // up to which changes are noted
  std::int64_t written_ = -1;
  std::map<std::string, std::string> space_of_;               // a service's key -> its namespace's
  std::map<std::string, std::set<std::string>> services_of_;  // and back
  std::set<std::string> dirty_;                               // keys of namespaces
  bool balancers_dirty_ = false;
  bool virtual_dirty_ = false;
  VirtualServices virtual_services_;
};

}  // namespace weir::control
