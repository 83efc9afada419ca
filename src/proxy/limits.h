// Every bound of the data plane. Times are durations, sizes are bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "http/limits.h"
#include "net/limits.h"

namespace weir::proxy {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Buffers
inline constexpr std::size_t kReadBuffer = 80 * 1024;    // one per worker: the most that one read takes; a body of 64
                                                         // KiB comes with its head in one piece
inline constexpr std::size_t kChunk = 16 * 1024;         // a piece of an output queue
inline constexpr std::size_t kFreeChunks = 256;          // kept per worker for the next use
inline constexpr std::size_t kCopyLimit = 8 * 1024;      // larger body pieces are written from where they lie
inline constexpr std::size_t kHighMark = 64 * 1024;      // unsent bytes of a body at which its source is paused ...
inline constexpr std::size_t kLowMark = 16 * 1024;       // ... and at which it is resumed
inline constexpr std::size_t kReplayLimit = 160 * 1024;  // request body kept for a retry: over kHighMark + kReadBuffer,
                                                         // so that nothing is lost before a connection stands
inline constexpr std::size_t kKeptCapacity = 16 * 1024;  // memory that a pooled exchange may keep between requests

// Exchanges
inline constexpr unsigned kMaxAttempts = 4;            // backends tried for one request
inline constexpr unsigned kRetriesAlways = 3;          // by policy, in flight at a time, whatever a pool's budget says
inline constexpr milliseconds kBackOffBase{25};        // the back-off of retries by policy grows from this ...
inline constexpr milliseconds kLongestBackOff{250};    // ... up to this
inline constexpr milliseconds kConnectTimeout{3'000};  // to a backend
inline constexpr milliseconds kLingerTime{1'000};      // reading on after a last answer, so that it arrives
inline constexpr std::size_t kFreeExchanges = 4096;    // kept per worker for the next use

inline constexpr std::size_t kMaxTrace = 7 * 1024;  // bytes of an X-Amzn-Trace-Id; a longer one begins anew
inline constexpr std::size_t kMaxDiscard =
    64 * 1024;                                      // body bytes read and dropped so that a connection can be kept ...
inline constexpr milliseconds kDiscardTime{1'000};  // ... within this

// Connections to backends, per worker and backend
inline constexpr std::size_t kMaxIdleConnections = 256;
inline constexpr milliseconds kBackendIdleTime{55'000};
inline constexpr std::size_t kMaxSessions = 64;  // HTTP/2 connections

// Balancing
inline constexpr std::uint64_t kFullShare = 1000;     // of a backend that is past its slow start
inline constexpr std::uint64_t kSmallestShare = 100;  // of one that has just begun it

inline constexpr unsigned kMaxPending = 1024;   // requests that wait for room in a pool that does not say how many may
inline constexpr milliseconds kGiveWayTime{1};  // a worker lets the others that wait have a place before it looks again
inline constexpr milliseconds kSharedTenure{10};  // of an HTTP/2 connection that other workers wait for the place of
// Of a request's body, while it waits: what was kept for a retry, and what an HTTP/2 peer may send unasked.
inline constexpr std::size_t kWaitingBody = kReplayLimit + http::kH2StreamWindow;

// Listening
inline constexpr int kAcceptsPerTurn = 32;
inline constexpr milliseconds kAcceptPause{100};          // when the process is out of descriptors
inline constexpr milliseconds kTlsHandshakeTime{10'000};  // to answer a new connection's greeting in full
inline constexpr std::size_t kMaxTlsHandshakes =
    4096;  // under way per worker, PROXY headers too; further connections are closed
inline constexpr milliseconds kFirstByteTime{15'000};   // where that says whether TLS is spoken, as with Envoy
inline constexpr milliseconds kProxyHeaderTime{5'000};  // for a PROXY protocol header to come in full
inline constexpr std::size_t kMaxPemFile = 1024 * 1024;
inline constexpr milliseconds kTicketKeyTime{3'600'000};  // that session tickets are sealed with one key; the last
                                                          // net::kTicketKeys open them
static_assert(kTicketKeyTime * (net::kTicketKeys - 1) >= seconds(net::kTicketLife));
inline constexpr milliseconds kBindRetry{1'000};       // for a port that is taken
inline constexpr milliseconds kGoawayDelay{900};       // between the two GOAWAYs of a graceful end, where the client
                                                       // does not answer the PING behind the first; under kFinishGrace
inline constexpr milliseconds kFinishGrace{1'000};     // a client's last chance to ask, when the process ends
inline constexpr milliseconds kFinishTick{5};          // between looks whether the last connection has gone
inline constexpr milliseconds kShutdownLimit{30'000};  // a graceful end takes no longer

// Being followed by another process
inline constexpr milliseconds kSuccessorLimit{20'000};  // for a successor to serve; then it is given up
inline constexpr milliseconds kFollowedGrace{5'000};    // for an idle client of who has been followed to ask once more
inline constexpr unsigned kMaxDraining = 16;            // processes that finish at a time; the next upgrade waits
inline constexpr std::size_t kMaxDescriptors = 128;     // in one message between proxies; the kernel takes 253
inline constexpr std::size_t kKinBuffer = 64 * 1024;    // one read between proxies

// Rules
inline constexpr std::size_t kIndexedPath = 63;  // bytes at the beginning of a path by which rules are looked up

// Control
inline constexpr milliseconds kFeedbackInterval{1'000};
inline constexpr std::size_t kMaxMessage = 64 * 1024 * 1024;  // one line of the control protocol
inline constexpr std::size_t kMaxUnsentFeedback = 16 * 1024 * 1024;

inline constexpr int kKeeperNice = 5;  // how far the thread that writes tables to the disk stands back
inline constexpr std::chrono::microseconds kWorkerSlice{200};  // of a core that others want too, at a time

// Figures
inline constexpr minutes kPartedCounters{10};              // kept of what has left the table
inline constexpr std::size_t kMaxPartedCounters = 10'000;  // of backends
inline constexpr milliseconds kAdminTime{10'000};          // for one visitor
inline constexpr std::size_t kMaxAdminRequest = 16 * 1024;

// Access logs
inline constexpr std::size_t kLogRing = 1024 * 1024;   // per worker and path: lines on their way
inline constexpr milliseconds kLogInterval{100};       // between two writes
inline constexpr milliseconds kLogRetry{1'000};        // between two looks at whether a file has been moved, or can be
                                                       // opened after all
inline constexpr std::size_t kMaxLogField = 8 * 1024;  // bytes of one text that a client or a backend has sent
inline constexpr milliseconds kDropNotice{10'000};     // between two messages that lines were dropped

// Health checks
inline constexpr milliseconds kFirstRetry{50};        // a backend that has never passed is tried again this soon ...
inline constexpr milliseconds kRetryCeiling{250};     // ... doubling up to this, or to its interval if that is shorter
inline constexpr milliseconds kFirstCheckSpread{10};  // first checks are spread over this time, and over ...
inline constexpr std::chrono::microseconds kFirstCheckGap{20};  // ... as many of these as the pool has backends
inline constexpr std::int64_t kCheckJitter = 10;          // later ones come up to this part of their interval early
inline constexpr std::size_t kMaxHealthBody = 4 * 1024;   // bytes of an answer that is looked at

}  // namespace weir::proxy
