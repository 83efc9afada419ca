// ControlLife: one life of the control process in a world: the real Control behind mortal doors, with what it
// writes for the name server. After its death
// the next life begins on the same store and finds the same tasks. One thread; owned by the world.
#pragma once

#include <memory>

#include "base/log.h"
#include "control/control.h"
#include "sim/limits.h"
#include "sim/mortality.h"
#include "sim/sim_clock.h"

namespace weir::sim {

struct ControlLife {
  ControlLife(store::Store& store, runtime::Runtime& runtime, control::DataPlane& data_plane, const MachineClock& clock,
              control::ZoneFolder& zones, std::uint64_t seed, Log& log)
      : mortal_store(store, mortality),
        mortal_runtime(runtime, mortality),
        mortal_data_plane(data_plane, mortality),
        mortal_zones(zones, mortality),
        names(mortal_store, mortal_zones, "127.0.0.1"),
        random(seed),
        control(std::make_unique<control::Control>(mortal_store, mortal_runtime, mortal_data_plane, clock, random, log,
                                                   control::ControlOptions{.mesh_range = kMeshRange,
                                                                           .minute = std::chrono::seconds(1),
                                                                           .boot = clock.boot_id(),
                                                                           .awaits_names = true})) {}

  Mortality mortality;
  MortalStore mortal_store;
  MortalRuntime mortal_runtime;
  MortalDataPlane mortal_data_plane;
  MortalZones mortal_zones;
  control::NameKeeper names;
  Random random;
  std::unique_ptr<control::Control> control;
};

}  // namespace weir::sim
