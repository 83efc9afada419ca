// SimNames: the folder of zones and the process that answers names from it, by the real NameTable: it learns of each
// file a moment after that was written, can be killed, and starts again from what lies in the folder. One thread; owned
// by the world.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "control/name_keeper.h"
#include "dns/limits.h"
#include "dns/names.h"
#include "sim/mutation.h"
#include "sim/sim_link.h"
#include "sim/trace.h"

namespace weir::sim {

class SimNames final : public control::ZoneFolder {
 public:
  SimNames(Agenda& agenda, Random& random, Trace& trace, Mutation mutation);

  Result<> write(const std::string& id, const dns::Zone& zone) override;
  Result<> remove(const std::string& id) override;
  Result<> keep_only(const std::set<std::string>& ids) override;
  bool full = false;  // the disk: nothing can be written

  // Answers nothing any more: for the tests of the invariants.
  void forget() { table_ = alive() ? std::make_unique<dns::NameTable>() : nullptr; }
  // Ends the process; it starts again by itself.
  void kill();
  bool alive() const { return table_ != nullptr; }
  // None where the process is dead, or the name lies in no zone.
  std::optional<dns::Reply> ask(const std::string& name, dns::Type type);
  // What lies in the folder, by name of the file.
  const std::map<std::string, std::string>& files() const { return files_; }

 private:
  void start();
  void tell(const std::string& id);
  void read(const std::string& id);

  Agenda& agenda_;
  Random& random_;
  Trace& trace_;
  const Mutation mutation_;
  const Delay delay_{milliseconds(1), dns::kZoneReadWithin, 5};
  SimLink changes_;
  std::map<std::string, std::string> files_;  // by id, as text
  std::unique_ptr<dns::NameTable> table_;     // null while the process is dead
};

}  // namespace weir::sim
