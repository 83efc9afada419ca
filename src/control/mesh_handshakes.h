// MeshHandshakes: judges meetings of virtual nodes by making each handshake once, in memory, with the files of both
// ends, and again when a file is another or a certificate begins or ceases to be valid. No file's content is kept. One
// thread (the control thread); owned by MeshControl.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "control/mesh_tls.h"

namespace weir::control {

class MeshHandshakes final : public TlsJudge {
 public:
  explicit MeshHandshakes(const Clock& clock) : clock_(clock) {}

  std::string refusal(const TlsMeeting& meeting) override;

  // Looks at the files and the time. Whether any verdict is another than before.
  bool look_again();
  // Forgets the meetings that nobody has asked for since the last forget_unused().
  void forget_unused();
  bool empty() const { return verdicts_.empty(); }

 private:
  // How a file is told from what it was.
  struct Stamp {
    bool there = false;
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, modified = 0, changed = 0;  // nanoseconds
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::map<std::string, Stamp>;  // by path
  struct Verdict {
    std::string refusal;
    std::optional<Timestamp> until;
    Stamps stamps;
    bool asked = true;
  };

  static Stamp stamp_of(const std::string& path);
  static Stamps stamps_of(const TlsMeeting& meeting);
  Verdict judge(const TlsMeeting& meeting) const;

  const Clock& clock_;
  std::map<TlsMeeting, Verdict> verdicts_;
};

}  // namespace weir::control
