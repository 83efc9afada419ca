// Mutation: a way in which the product is broken on purpose, one in a world: proof that the invariants would see it.
#pragma once

#include <functional>

#include "store/store.h"

namespace weir::sim {

enum class Mutation {
  none,
  early_acknowledgement,  // the proxy acknowledges what it has received, not what its workers run
  deaf_to_draining,       // workers go on serving from a draining backend
  stops_at_once,          // SIGTERM comes with the table that drains, not after it
  forgets_exits,          // the runtime never tells that a task has ended
  stuck_worker,           // one worker never takes a new table
  blind_checks,           // health checks pass as soon as a process exists
  forgetful_proxy,        // the proxy starts with an empty table after a restart
  no_minimum,             // control reads another minimum and maximum of a service than was wished
  twins,                  // each task is started twice, once under a name that nobody knows
  greedy_stages,          // control reads that a service in stages wishes one task more
  hasty_shift,            // control does not wait for green before it leads requests there
  hasty_clean_up,         // control takes blue's tasks away while requests are still parted
  led_nowhere,            // control's weights are 0
  patient_breaker,        // control reads that a service has no circuit breaker
  nervous_breaker,        // control reads that every service has one
  no_way_back,            // control reads that no breaker and no alarm rolls back
  lost_records,           // what becomes of a deployment is never written to its record
  deaf_stages,            // control reads that every lifecycle hook has succeeded
  reopened_records,       // control reads that a deployment which was stopped goes on
  crowd,                  // control reads that a service may have four times its tasks
  silent_ends,            // why a task stopped is not written
  early_ends,             // a task is written STOPPED once it got its SIGTERM
  leftovers,              // a task is written STOPPED before what it had is given back
  crowded_sets,           // control reads that a task set may have all tasks of its service
  hasty_sets,             // control reads that a task set wishes half of its tasks
  lasting_sets,           // control reads that a deleted task set is not
  twin_daemons,           // control reads that a daemon wishes two tasks
  late_departures,        // what stands for a task in Cloud Map stays there
  early_health,           // it enters as healthy
  silent_health,          // its health is never told
  forgets_restarts,       // the runtime never tells that a container runs again
  hasty_stops,            // a task that drains is written STOPPING
  false_times,            // a task is written to have started before it was created
  crossed_nodes,          // control reads that no virtual node wants attributes
  even_routes,            // control reads that the weights of routes are equal
  lost_members,           // control reads that a virtual node is found elsewhere
  one_address,            // every virtual service is written to be at one address
  hasty_names,            // control is told that names are answered as the store is before they are
  forgetful_names,        // the name server starts without what was written
  lost_zones,             // what becomes of a zone is not written
  calendar_delays,        // control counts delays by the calendar
  forgotten_time,         // control does not store its line of time
  names_of_control,       // names are forgotten a while after control has died
  deaf_without_control,   // the proxy listens only while control lives
  kept_tasks,             // the runtime is never told to forget a task
  kept_rows,              // a task is never erased
  kept_services,          // nor a service
  kept_history,           // nor its deployments
  backward_stages,        // a deployment that bakes is written to start its tasks
  ways_back,              // a task that is about to run is written PROVISIONING
};

// What control reads instead of what is stored; null where the mutation leaves it alone.
std::function<void(store::Document&)> misreading_of(Mutation mutation);
// Writes otherwise what control writes, or (true) loses it; null where the mutation leaves it alone.
std::function<bool(store::Write&)> miswriting_of(Mutation mutation);

}  // namespace weir::sim
