// MeshHandshakes: judges meetings of virtual nodes by making each handshake once, in memory, with the files of both
// ends, and again when a file is another or a certificate begins or ceases to be valid. No file's content is kept. One
// thread (the control thread); owned by MeshControl.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "control/mesh_tls.h"
#include "net/file_stamp.h"

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
  struct Verdict {
    std::string refusal;
    std::optional<Timestamp> until;
    net::FileStamps stamps;
    bool asked = true;
  };

  static net::FileStamps stamps_of(const TlsMeeting& meeting);
  Verdict judge(const TlsMeeting& meeting) const;

  const Clock& clock_;
  std::map<TlsMeeting, Verdict> verdicts_;
};

}  // namespace weir::control
