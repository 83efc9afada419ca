// ZoneFiles: the folder that `weir names` reads, a file for each zone, each replaced as a whole and only by another
// content. What is in it need not survive the machine's end: the next `weir serve` writes it again. One thread.
#pragma once

#include <map>
#include <set>
#include <string>

#include "control/name_keeper.h"

namespace weir {

class ZoneFiles final : public control::ZoneFolder {
 public:
  explicit ZoneFiles(std::string folder) : folder_(std::move(folder)) {}

  Result<> write(const std::string& id, const dns::Zone& zone) override;
  Result<> remove(const std::string& id) override;
  Result<> keep_only(const std::set<std::string>& ids) override;

 private:
  std::string path(const std::string& id) const { return folder_ + "/" + id + ".json"; }

  const std::string folder_;
  std::map<std::string, std::string> written_;  // contents, by id
};

}  // namespace weir
