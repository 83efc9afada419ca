// NameFolder: the folder into which control writes a file for each zone (NAME.json), watched: a file that comes takes
// the place of the one before it, one that goes takes its zone along. What cannot be read leaves the zone as it was,
// and the log says why. One thread, on its loop; owned by `weir names`.
#pragma once

#include <string>

#include "base/log.h"
#include "base/result.h"
#include "dns/names.h"
#include "net/fd.h"
#include "net/loop.h"

namespace weir::dns {

class NameFolder final : private net::FdHandler {
 public:
  NameFolder(net::Loop& loop, Log& log, std::string folder) : loop_(loop), log_(log), folder_(std::move(folder)) {}
  ~NameFolder() override;

  // Reads all there is, and follows what becomes of it. Errors: "Io" where there is no such folder.
  Result<> open();
  const NameTable& names() const { return names_; }

 private:
  void on_ready(std::uint32_t events) override;
  void read_all();
  void read(const std::string& file);

  net::Loop& loop_;
  Log& log_;
  const std::string folder_;
  net::Fd changes_;  // inotify
  NameTable names_;
  std::set<std::string> known_;  // files
};

}  // namespace weir::dns
