// OciContainer: a container of an image with a root file system of its own, run by runc in the namespaces and the
// cgroup that its task's shim has made. Above the image's unpacked files lies a folder of the container's own
// (overlayfs), which takes what it writes. In the shim, on its one thread.
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/container_process.h"
#include "runtime/image_store.h"
#include "runtime/task_record.h"

namespace weir::runtime {

class OciContainer {
 public:
  // Finds runc, mounts the root file system (the process must have a mount namespace of its own) and writes what runc
  // is to do. `directory` is the task's, `root` the image unpacked. Errors: "CannotStartContainerError" with a sentence
  // that says what this machine lacks.
  static Result<OciContainer> make(const std::string& directory, const TaskRecord& record,
                                   const ContainerSpec& container, const ImageConfig& image, const std::string& root);

  // Starts the container; after clean(), again.
  ProcessPlan start() const;
  // Runs the container's health check within it.
  ProcessPlan check(const HealthCheckSpec& wished) const;
  // Removes what runc keeps of the container once it has ended.
  void clean() const;

 private:
  ProcessPlan runc(const std::string& verb, const char* pid_file) const;

  std::string program_;  // runc
  std::string folder_;   // of this container
  std::string id_;
};

// Removes what runc keeps of all of a task's containers, where it ran any.
void clean_after_runc(const std::string& directory, const TaskSpec& spec);

}  // namespace weir::runtime
