#include "main/server.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "api/acm/actions.h"
#include "api/appmesh/actions.h"
#include "api/cloudwatch/actions.h"
#include "api/ec2/service.h"
#include "api/ecs/actions.h"
#include "api/elbv2/actions.h"
#include "api/iam/service.h"
#include "api/logs/actions.h"
#include "api/secretsmanager/actions.h"
#include "api/servicediscovery/actions.h"
#include "api/ssm/actions.h"
#include "api/sts/actions.h"
#include "control/limits.h"
#include "main/boot_id.h"
#include "main/descriptor_limit.h"
#include "main/image_routes.h"
#include "main/key_file.h"
#include "main/log_routes.h"
#include "main/log_upkeep.h"
#include "main/metadata_routes.h"
#include "main/metric_routes.h"
#include "main/metric_upkeep.h"
#include "main/status_routes.h"
#include "model/appmesh/shapes.h"
#include "net/socket.h"
#include "runtime/process_runtime.h"
#include "store/memory_store.h"
#include "store/sqlite_store.h"

namespace weir {

namespace {

// An ordinary user cannot bind ports below 1024: they move up.
constexpr unsigned kOrdinaryPortOffset = 8000;

constexpr std::array kServices = {&model::sts::kService,
                                  &model::ecs::kService,
                                  &model::elbv2::kService,
                                  &model::logs::kService,
                                  &model::acm::kService,
                                  &model::ssm::kService,
                                  &model::secretsmanager::kService,
                                  &model::cloudwatch::kService,
                                  &model::servicediscovery::kService,
                                  &model::appmesh::kService};

// A hook's command may run so many AWS minutes: as long as a Lambda function.
constexpr int kLongestHook = 15;

// Where balancers' listeners are bound.
constexpr const char* kListenersAddress = "127.0.0.1";

// This very program, also once its file was replaced or removed.
constexpr const char* kOwnProgram = "/proc/self/exe";

Result<> make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail("Io", "cannot make " + path + ": " + error.message());
  return {};
}

control::Machine this_machine() {
  return {.processors = static_cast<double>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN))),
          .memory = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE))};
}

}  // namespace

Server::Server(ServeOptions options, const Clock& clock, Random& random, Log& log)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      log_(log),
      loop_(clock),
      signals_(loop_, {SIGINT, SIGTERM}, [this](int number) { on_signal(number); }),
      port_offset_(::geteuid() == 0 ? 0 : kOrdinaryPortOffset),
      images_(in_state("images")),
      task_log_(in_state("logs")),
      certificates_(in_state("certificates")),
      log_keep_(options_.ephemeral ? std::string() : in_state("log-groups")),
      metric_keep_(options_.ephemeral ? std::string() : in_state("metrics")),
      next_look_(loop_, [this] { look_at_uses(); }),
      next_step_(loop_, [this] { wake(); }) {
  ::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
}

Server::~Server() = default;

Result<> Server::start() {
  TRY(make_directory(options_.state_directory));
  TRY(make_directory(in_state("spool")));
  names_ = TRY(NameService::open(loop_, log_, options_.state_directory, options_.dns_port));
  TRY(open_store());
  secrets_ = std::make_unique<SecretBox>(options_.ephemeral ? SecretBox::new_key()
                                                            : TRY(read_or_make_key(in_state("secrets.key"))));
  log_upkeep_ = std::make_unique<LogUpkeep>(loop_, *store_, log_keep_, log_);
  mesh_range_ = runtime::take_mesh_range(options_.state_directory);
  runtime_ = TRY(runtime::ProcessRuntime::open(loop_, log_,
                                               {.state_directory = options_.state_directory,
                                                .shim_command = {kOwnProgram, "shim"},
                                                .network = options_.network,
                                                .name_port = names_->port(),
                                                .mesh_range = mesh_range_.first}));
  log_courier_ = std::make_unique<LogCourier>(loop_, *store_, log_keep_, task_log_, log_);
  TRY(log_courier_->resume());
  task_preparation_ =
      std::make_unique<TaskPreparation>(*store_, clock_, random_, *log_courier_, *secrets_, options_.buckets);
  proxy_link_ =
      std::make_unique<control::ProxyLink>(loop_, in_state("proxy.sock"), log_,
                                           control::ProxyLinkCalls{.on_connected =
                                                                       [this] {
                                                                         on_proxy();
                                                                         control_->on_connected();
                                                                         wake();
                                                                       },
                                                                   .on_feedback =
                                                                       [this](route::Feedback feedback) {
                                                                         control_->on_feedback(std::move(feedback));
                                                                         wake();
                                                                       }});
  control_ =
      std::make_unique<control::Control>(*store_, *runtime_, *proxy_link_, clock_, random_, log_,
                                         control::ControlOptions{.listen_address = kListenersAddress,
                                                                 .port_offset = port_offset_,
                                                                 .access_logs = in_state("access-logs"),
                                                                 .certificates = in_state("certificates"),
                                                                 .preparation = task_preparation_.get(),
                                                                 .mesh_range = mesh_range_.first,
                                                                 .pace = options_.pace ? control::kPace : Duration(0),
                                                                 .minute = options_.minute,
                                                                 .boot = boot_id(),
                                                                 .awaits_names = true});
  names_->on_followed([this](std::int64_t revision) {
    control_->on_names_followed(revision);
    wake();
  });
  run_hooks();
  watch_metrics();
  store_->on_commit([this] {
    names_->changed();
    wake();
  });
  runtime_->on_change([this](const std::string& task_id) {
    control_->on_runtime_change(task_id);
    wake();
  });
  TRY(listen());

  std::vector<std::string> command{kOwnProgram,  "proxy",
                                   "--control",  in_state("proxy.sock"),
                                   "--table",    in_state("table.json"),
                                   "--pid-file", in_state("proxy.pid")};
  if (options_.workers != 0) command.insert(command.end(), {"--workers", std::to_string(options_.workers)});
  proxy_ = std::make_unique<KeptProcess>(loop_, log_,
                                         KeptProcessOptions{.what = "proxy",
                                                            .command = std::move(command),
                                                            .pid_file = in_state("proxy.pid"),
                                                            .log_file = in_state("proxy.log")});
  TRY(proxy_->start());
  TRY(names_->start(*store_, kListenersAddress));
  wake();
  return {};
}

void Server::run_hooks() {
  hooks_ = std::make_unique<HookCommands>(loop_, log_, options_.hooks, kLongestHook * options_.minute,
                                          [this](const control::HookCall& call, control::HookReply reply) {
                                            control_->on_hook_reply(call, std::move(reply));
                                            wake();
                                          });
  control_->on_hook_call([this](const control::HookCall& call) { hooks_->call(call); });
}

void Server::watch_metrics() {
  balancer_metrics_ = std::make_unique<control::BalancerMetrics>(*store_, metric_keep_, port_offset_);
  const auto publish_balancers = [this](Timestamp at) {
    return balancer_metrics_->publish(control_->feedback(), store_->revision(), at);
  };
  service_metrics_ = std::make_unique<control::ServiceMetrics>(*runtime_, *control_, metric_keep_, this_machine());
  const auto publish_services = [this](Timestamp at) -> Result<> {
    TRY(service_metrics_->publish(at, loop_.now()));
    if (!next_look_.armed()) next_look_.arm(loop_.now() + control::kBetweenLooks);
    return {};
  };
  metric_upkeep_ = std::make_unique<MetricUpkeep>(
      loop_, *store_, metric_keep_, log_, std::vector<MetricUpkeep::Publish>{publish_balancers, publish_services});
}

// What cannot be looked at now is told of when the next values are due.
void Server::look_at_uses() {
  const auto more = service_metrics_->look(loop_.now());
  if (more && *more) next_look_.arm(loop_.now() + control::kBetweenLooks);
}

// It is the one that was known, or has followed it. One that an older `weir serve` started is asked once to be followed
// by this program: a proxy that cannot be goes on as it is.
void Server::on_proxy() {
  proxy_->look_again();
  if (asked_to_upgrade_ || !proxy_->outdated()) return;
  asked_to_upgrade_ = true;
  log_.info("the proxy is of another program or has other options: asking it to be followed");
  proxy_link_->ask_to_be_followed(proxy_->up_to_date_command());
}

Result<> Server::open_store() {
  if (options_.ephemeral) {
    store_ = std::make_unique<store::MemoryStore>();
  } else {
    store_ = TRY(store::SqliteStore::open(options_.state_directory));
  }
  return {};
}

Result<> Server::listen() {
  host_ = std::make_unique<MachineHost>(*store_, kListenersAddress, port_offset_, in_state("access-logs"),
                                        options_.buckets);
  api::sts::add_actions(actions_);
  api::ecs::add_actions(actions_);
  api::elbv2::add_actions(actions_, *host_, certificates_);
  api::logs::add_actions(actions_, log_keep_);
  api::cloudwatch::add_actions(actions_, metric_keep_);
  api::acm::add_actions(actions_, certificates_);
  api::servicediscovery::add_actions(actions_);
  mesh_proxies_ = std::make_unique<MeshProxies>(*control_);
  api::appmesh::add_actions(actions_, *mesh_proxies_);
  api::ssm::add_actions(actions_, *secrets_);
  api::secretsmanager::add_actions(actions_, *secrets_);
  wire::FacadeParts parts{actions_, *store_, clock_, random_, log_};
  parts.recorded = {&api::ec2::service(), &api::iam::service()};
  facade_ = std::make_unique<wire::Facade>(wire::FacadeOptions{.keys = options_.keys, .account = options_.account},
                                           kServices, std::move(parts));
  auto routes = image_routes(loop_, images_);
  for (auto& route : log_routes(loop_, *store_, task_log_)) routes.push_back(std::move(route));
  for (auto& route : metadata_routes(*store_, *runtime_, clock_, container_stats_)) routes.push_back(std::move(route));
  for (auto& route : metric_routes(metric_keep_)) routes.push_back(std::move(route));
  for (auto& route : status_routes(*store_, clock_, *control_)) routes.push_back(std::move(route));
  const auto address = TRY(net::SocketAddress::ip(options_.listen_address, options_.listen_port));
  auto socket = net::listen_stream(address);
  if (!socket) {
    return fail("Io", fmt::format("cannot listen on {}: {}", address.text(), socket.error().message));
  }
  api_server_ = std::make_unique<wire::ApiServer>(loop_, std::move(*socket), *facade_, std::move(routes),
                                                  wire::ApiServerOptions{.spool_directory = in_state("spool")}, log_);
  // Every address of this machine is reached by loopback too.
  const bool anywhere = options_.listen_address == "0.0.0.0" || options_.listen_address == "::";
  task_preparation_->serve_metadata_at(anywhere ? fmt::format("http://127.0.0.1:{}", api_server_->address().port())
                                                : endpoint());
  return {};
}

std::string Server::endpoint() const { return "http://" + api_server_->address().text(); }

void Server::run() { loop_.run(); }

void Server::wake() { loop_.at_turn_end(*this); }

void Server::at_turn_end() {
  if (life_ != Life::running) return;
  if (const auto next = control_->step()) {
    next_step_.arm(*next);
  } else {
    next_step_.cancel();
  }
  tell_names();
}

// Where the mesh's virtual services are, for the host and for tasks.
void Server::tell_names() {
  if (told_services_ == control_->virtual_services()) return;
  told_services_ = control_->virtual_services();
  control::VirtualServices services;
  for (const auto& [name, number] : told_services_) {
    const auto place = static_cast<std::uint32_t>(number);
    services[name] = {dns::ipv4_from(mesh_range_.first + place), dns::ipv4_from(runtime::kMeshTwins + place)};
  }
  names_->set_virtual_services(std::move(services));
}

void Server::on_signal(int number) {
  if (life_ == Life::shutting_down) {
    log_.warning("told again to end: not waiting any longer");
    proxy_->kill();
    names_->kill();
    return loop_.stop();
  }
  if (number == SIGTERM && !options_.ephemeral) {
    log_.info("the control process ends; tasks and traffic go on");
    return loop_.stop();
  }
  begin_shutdown();
}

// Traffic first: the proxy finishes what is in flight; only then are the tasks behind it told to stop.
void Server::begin_shutdown() {
  life_ = Life::shutting_down;
  log_.info("draining the proxy, then stopping all tasks; once more to end at once");
  api_server_.reset();
  proxy_->stop([this] { stop_tasks(); });
}

void Server::stop_tasks() {
  for (const auto& id : runtime_->list()) runtime_->stop(id);
  runtime_->on_change([this](const std::string&) { end_when_stopped(); });
  end_when_stopped();
}

void Server::end_when_stopped() {
  for (const auto& id : runtime_->list()) {
    const auto task = runtime_->find(id);
    if (task && task->phase != runtime::TaskPhase::stopped) return;
  }
  names_->stop([this] { loop_.stop(); });
}

}  // namespace weir
