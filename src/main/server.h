// Server: the control process, put together: store, runtime, proxy, control, façade and API server on one loop and one
// thread. It reads as the story of DESIGN §9. Owned by `weir serve`.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "api/action.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/secret_box.h"
#include "control/balancer_metrics.h"
#include "control/control.h"
#include "control/proxy_link.h"
#include "control/service_metrics.h"
#include "main/certificate_files.h"
#include "main/container_stats.h"
#include "main/hook_commands.h"
#include "main/kept_process.h"
#include "main/log_courier.h"
#include "main/log_upkeep.h"
#include "main/machine_host.h"
#include "main/mesh_proxies.h"
#include "main/metric_upkeep.h"
#include "main/name_service.h"
#include "main/serve_options.h"
#include "main/task_preparation.h"
#include "net/loop.h"
#include "net/signal_watch.h"
#include "observe/log_keep.h"
#include "observe/metric_keep.h"
#include "runtime/image_store.h"
#include "runtime/mesh_range.h"
#include "runtime/runtime.h"
#include "runtime/task_log.h"
#include "store/store.h"
#include "wire/api_server.h"
#include "wire/facade.h"

namespace weir {

class Server final : private net::TurnTask {
 public:
  Server(ServeOptions options, const Clock& clock, Random& random, Log& log);
  ~Server() override;

  // Opens the store, adopts or starts proxy and tasks, listens. Errors: those of the parts, with one sentence.
  Result<> start();
  // Where the API answers: "http://127.0.0.1:4566". After start().
  std::string endpoint() const;
  // Where names are answered: "127.0.0.1:4553". After start().
  std::string name_address() const { return names_->address(); }
  // Runs until a signal has ended it.
  void run();

 private:
  void at_turn_end() override;  // one step of control
  void tell_names();
  void wake();
  void on_proxy();
  void on_signal(int number);
  void begin_shutdown();
  void stop_tasks();
  void end_when_stopped();
  std::string in_state(const char* name) const { return options_.state_directory + "/" + name; }

  Result<> open_store();
  Result<> listen();
  void run_hooks();
  void watch_metrics();
  void look_at_uses();

  const ServeOptions options_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  net::Loop loop_;
  net::SignalWatch signals_;
  const unsigned port_offset_;

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<NameService> names_;
  runtime::ImageStore images_;
  runtime::TaskLog task_log_;
  CertificateFiles certificates_;
  observe::LogKeep log_keep_;
  observe::MetricKeep metric_keep_;
  runtime::MeshRange mesh_range_;
  std::map<std::string, std::int32_t> told_services_;  // virtual ones, as the name server knows them
  std::unique_ptr<runtime::Runtime> runtime_;
  std::unique_ptr<SecretBox> secrets_;
  std::unique_ptr<LogUpkeep> log_upkeep_;
  std::unique_ptr<LogCourier> log_courier_;
  std::unique_ptr<TaskPreparation> task_preparation_;
  std::unique_ptr<KeptProcess> proxy_;
  std::unique_ptr<control::ProxyLink> proxy_link_;
  std::unique_ptr<control::Control> control_;
  std::unique_ptr<HookCommands> hooks_;
  std::unique_ptr<control::BalancerMetrics> balancer_metrics_;
  std::unique_ptr<control::ServiceMetrics> service_metrics_;
  std::unique_ptr<MetricUpkeep> metric_upkeep_;
  std::unique_ptr<MeshProxies> mesh_proxies_;
  std::unique_ptr<MachineHost> host_;
  ContainerStats container_stats_;
  api::ActionTable actions_;
  std::unique_ptr<wire::Facade> facade_;
  std::unique_ptr<wire::ApiServer> api_server_;
  net::Timer next_look_;  // at what tasks use
  net::Timer next_step_;
  bool asked_to_upgrade_ = false;

  enum class Life { running, shutting_down };
  Life life_ = Life::running;
};

}  // namespace weir
