#include "control/mesh_handshakes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/result.h"
#include "control/limits.h"
#include "net/fd.h"
#include "net/tls_rehearsal.h"

namespace weir::control {

namespace {

// Of an empty path nothing.
Result<std::string> pem_at(const std::string& path) {
  if (path.empty()) return std::string();
  const net::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat about {};
  if (!fd || ::fstat(fd.get(), &about) != 0) return fail_errno("cannot read " + path, errno);
  if (!S_ISREG(about.st_mode)) return fail("Io", path + " is no file");
  std::string text(kLongestPem + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read " + path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kLongestPem) return fail("Io", path + " is too large for a PEM file");
  text.resize(size);
  return text;
}

Result<net::TlsEnd> read_end(const TlsFiles& files) {
  auto chain = TRY(pem_at(files.chain));
  auto key = TRY(pem_at(files.key));
  auto trust = TRY(pem_at(files.trust));
  // An empty file is nobody to trust, which is another thing than trusting everybody.
  if (trust.empty() && !files.trust.empty()) return fail("Tls", files.trust + " is empty");
  net::TlsEnd end;
  end.certificate = {.chain = std::move(chain), .key = std::move(key)};
  end.trust = std::move(trust);
  end.names = files.names;
  end.optional = files.optional;
  return end;
}

}  // namespace

std::string MeshHandshakes::refusal(const TlsMeeting& meeting) {
  const auto known = verdicts_.find(meeting);
  if (known != verdicts_.end()) {
    known->second.asked = true;
    return known->second.refusal;
  }
  if (verdicts_.size() >= kMostHandshakes) {
    return "more than " + std::to_string(kMostHandshakes) + " pairs of nodes speak TLS in different ways";
  }
  return verdicts_.emplace(meeting, judge(meeting)).first->second.refusal;
}

bool MeshHandshakes::look_again() {
  bool changed = false;
  const Timestamp now = clock_.wall();
  for (auto& [meeting, verdict] : verdicts_) {
    const bool due = verdict.until && now >= *verdict.until;
    if (!due && stamps_of(meeting) == verdict.stamps) continue;
    Verdict newer = judge(meeting);
    newer.asked = verdict.asked;
    changed = changed || newer.refusal != verdict.refusal;
    verdict = std::move(newer);
  }
  return changed;
}

void MeshHandshakes::forget_unused() {
  std::erase_if(verdicts_, [](const auto& each) { return !each.second.asked; });
  for (auto& [meeting, verdict] : verdicts_) verdict.asked = false;
}

// The files are stamped before they are read: one that changes meanwhile is read again.
MeshHandshakes::Verdict MeshHandshakes::judge(const TlsMeeting& meeting) const {
  Verdict verdict;
  verdict.stamps = stamps_of(meeting);
  const auto caller = read_end(meeting.caller);
  const auto called = read_end(meeting.called);
  if (!caller || !called) {
    verdict.refusal = caller ? "the called node: " + called.error().message : "the caller: " + caller.error().message;
    return verdict;
  }
  auto outcome = net::rehearse(*caller, *called, clock_.wall());
  verdict.refusal = std::move(outcome.refusal);
  verdict.until = outcome.until;
  return verdict;
}

net::FileStamps MeshHandshakes::stamps_of(const TlsMeeting& meeting) {
  net::FileStamps stamps;
  for (const TlsFiles* end : {&meeting.caller, &meeting.called}) {
    for (const std::string* path : {&end->chain, &end->key, &end->trust}) {
      if (!path->empty() && !stamps.contains(*path)) stamps[*path] = net::stamp_of(*path);
    }
  }
  return stamps;
}

}  // namespace weir::control
