// Limits of room control: named here, so that they can be found and argued with.
#pragma once

#include <chrono>
#include <cstddef>

namespace weir::control {

// A STOPPED task and an INACTIVE service stay so long for those who ask.
inline constexpr std::chrono::hours kKeepEnded{1};
// A service keeps so many of its newest events.
inline constexpr std::size_t kMostEvents = 100;
// A service that failed so often in a row says so.
inline constexpr int kFailuresToTell = 3;
// How long a balancer's backend may finish what it has, where its target group does not say.
inline constexpr std::chrono::seconds kDeregistrationDelay{300};
// How long a task that leaves a mesh may finish what it has there: nothing of App Mesh says so.
inline constexpr std::chrono::seconds kMeshDrainDelay{30};
// A connection to a virtual service on which nobody says anything, where no route says how long.
inline constexpr std::chrono::minutes kMeshIdleTimeout{5};
// How often the files of TLS between virtual nodes are looked at, how many pairs of nodes may speak it in different
// ways, and how large such a file is at the most, in bytes.
inline constexpr std::chrono::seconds kMeshFileLook{1};
inline constexpr std::size_t kMostHandshakes = 4096;
inline constexpr std::size_t kLongestPem = 1024 * 1024;
// With a pace each state of a task on its way to RUNNING lasts at least so long, and so many of them its instance in
// Cloud Map is UNHEALTHY after that: scripts that look every 5 seconds see each.
inline constexpr std::chrono::seconds kPace{3};
inline constexpr int kPacesToHealth = 4;
// stopTimeout where a container does not say.
inline constexpr std::chrono::seconds kStopTimeout{30};
// The line of time that delays are counted on is stored again after a calendar that moved by more than this, and where
// control has something to do after this: so much a machine may lose of it whose calendar is wrong after a boot.
inline constexpr std::chrono::seconds kCalendarMoved{1};
inline constexpr std::chrono::hours kTimeLineKept{1};
// After a store or a runtime that failed: the first try again, doubled up to the longest.
inline constexpr std::chrono::milliseconds kFirstRetry{100};
inline constexpr std::chrono::seconds kLongestRetry{10};
// A task of the version that a deployment replaces, and that ended by itself meanwhile, is followed after this.
inline constexpr std::chrono::seconds kBlueBackoff{2};
// A newer deployment waits so long for such a version to serve again, and then replaces the one that serves.
inline constexpr std::chrono::seconds kLongestReturn{60};
// A hook that says IN_PROGRESS is called again after this, where it names no delay, and after at most that.
inline constexpr std::chrono::seconds kHookDelay{30};
inline constexpr std::chrono::hours kLongestHookDelay{24};
// The work of one stage of a deployment, hooks and bakes apart, takes at most so many AWS minutes.
inline constexpr int kLongestStage = 1440;
// Rounds of reconciling within one step; more would mean that two decisions undo each other.
inline constexpr int kMostRounds = 1000;
// Tables that the proxy has not acknowledged yet and of which it is known what they say; of older ones it is known once
// a newer one is in force.
inline constexpr std::size_t kMostUnacknowledged = 64;
// Task definitions held decoded, before the next group is looked at.
inline constexpr std::size_t kMostDefinitions = 1000;

// Tasks whose use is looked at in one go, which takes some 100 us each, and how long until the next go.
inline constexpr std::size_t kUsesPerLook = 20;
inline constexpr std::chrono::milliseconds kBetweenLooks{50};

// The socket to the proxy: one message, and how long until the next try to connect.
inline constexpr std::size_t kLongestMessage = 64 * 1024 * 1024;
inline constexpr std::size_t kReadChunk = 64 * 1024;
inline constexpr std::chrono::milliseconds kReconnect{50};
// Failures to connect in a row after which it is told.
inline constexpr unsigned kFailuresToTellAbsence = 40;

}  // namespace weir::control
