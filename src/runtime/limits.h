// The named limits of room runtime.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::runtime {

// What one image layer may unpack to.
inline constexpr std::uint64_t kMaxLayerEntries = 1'000'000;
inline constexpr std::uint64_t kMaxLayerBytes = 16ULL << 30;
// An image's index, manifest and config.
inline constexpr std::size_t kMaxImageJsonBytes = 8 << 20;

// Containers in a task, as ECS has it.
inline constexpr std::size_t kMaxContainers = 10;
// Host ports given to tasks: outside of the range from which the kernel takes ports for outgoing connections.
inline constexpr std::uint16_t kFirstHostPort = 20000;
inline constexpr std::uint16_t kLastHostPort = 29999;

// A container's log is kept in segments; the oldest is dropped when there is one too many.
inline constexpr std::size_t kLogSegmentBytes = 8 << 20;
inline constexpr std::size_t kLogSegments = 4;
// A longer line is written as several: what one log event of CloudWatch Logs may hold, 256 KiB less 26 bytes.
inline constexpr std::size_t kLogLineBytes = (256 << 10) - 26;
// What may be in a folder that is copied because a volume appears in it where nothing was.
inline constexpr std::size_t kMaxCopiedEntries = 2000;
// Read from a container's pipe at once.
inline constexpr std::size_t kLogReadBytes = 64 << 10;
// Logs of tasks that are gone: the oldest are removed when there are more.
inline constexpr std::size_t kLogsKept = 500;
// Handed out by one read of a log.
inline constexpr std::size_t kLogChunkBytes = 1 << 20;

// A file of /proc.
inline constexpr std::size_t kMaxProcFileBytes = 4 << 20;

// One message between the runtime and a shim.
inline constexpr std::size_t kMaxMessageBytes = 128 << 10;
// The part of a reason that is kept.
inline constexpr std::size_t kMaxReasonBytes = 1024;
// How often a shim looks again for processes that it has killed and that are still there.
inline constexpr std::chrono::milliseconds kReapInterval{5};
// How often the runtime looks again for processes that a killed shim has left: it reads all of /proc.
inline constexpr std::chrono::milliseconds kSweepInterval{50};
// How often a health check that has not passed yet is tried until its first interval is over; failures do not count.
inline constexpr std::chrono::seconds kEarlyHealthCheck{1};
// How often a shim tries again to write down its task's end where there is no room and nobody listens.
inline constexpr std::chrono::seconds kStateRetry{1};

// What version 1 of cgroups says of a group without a limit is this or more.
inline constexpr std::int64_t kNoMemoryLimit = 1LL << 62;

// How long the kernel may take for an answer about links and packet filters, and how much it says at once.
inline constexpr std::chrono::seconds kNetlinkPatience{5};
inline constexpr std::size_t kNetlinkAnswerBytes = 32 << 10;

}  // namespace weir::runtime
