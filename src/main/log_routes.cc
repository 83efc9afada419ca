#include "main/log_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "model/documents.h"
#include "sign/form.h"

namespace weir {

namespace {

constexpr Duration kFollowEvery = std::chrono::milliseconds(200);
constexpr std::size_t kDefaultTail = 100;
constexpr std::size_t kMaxTail = 10'000;
constexpr std::size_t kMaxWaiting = 256 * 1024;  // bytes for a slow reader before the follower pauses

struct Question {
  std::string service;
  std::string cluster;  // empty: any
  std::size_t tail = kDefaultTail;
  bool follow = false;
};

Result<Question> parse_question(std::string_view query) {
  const auto form = TRY(sign::parse_form(query));
  const auto value = [&](std::string_view name) {
    const std::string* found = sign::find_field(form, name);
    return found ? *found : std::string();
  };
  Question question{.service = value("service"), .cluster = value("cluster"), .follow = value("follow") == "1"};
  if (question.service.empty()) return fail("Usage", "service is missing", ErrorSource::client);
  if (const auto tail = value("tail"); !tail.empty()) {
    const auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), question.tail);
    if (error != std::errc() || end != tail.data() + tail.size() || question.tail > kMaxTail) {
      return fail("Usage", fmt::format("tail wants a number up to {}", kMaxTail), ErrorSource::client);
    }
  }
  return question;
}

// One answer under way: where each container's log was read up to.
class Reading {
 public:
  Reading(store::Store& store, const runtime::TaskLog& logs, Question question)
      : store_(store), logs_(logs), question_(std::move(question)) {}

  // Whether there is such a service, or was one whose tasks are still known.
  bool service_known() {
    const auto services = store::load_all<model::Service>(store_, "");
    return services && std::ranges::any_of(*services, [&](const auto& one) {
             return one.document.name == question_.service && in_cluster(one.document.cluster);
           });
  }

  // The next lines of every log: in the first call the last `tail` of all, afterwards what is new.
  std::string next() {
    std::vector<std::string> lines;  // "<time> <task> <stream> <text>"
    const auto tasks = store::load_all<model::Task>(store_, "");
    if (!tasks) return {};
    for (const auto& [task, revision] : *tasks) {
      if (task.service != question_.service || !in_cluster(task.cluster)) continue;
      for (const auto& container : logs_.containers(task.id)) read(task.id, container, lines);
    }
    std::ranges::stable_sort(lines, {}, [](const std::string& line) { return line.substr(0, line.find(' ')); });
    const std::size_t skipped = first_ && lines.size() > question_.tail ? lines.size() - question_.tail : 0;
    first_ = false;
    std::string text;
    for (auto line = lines.begin() + static_cast<std::ptrdiff_t>(skipped); line != lines.end(); ++line) {
      text.append(*line, line->find(' ') + 1).append("\n");
    }
    return text;
  }

 private:
  bool in_cluster(const std::string& cluster) const {
    return question_.cluster.empty() || cluster == question_.cluster;
  }

  void read(const std::string& task, const std::string& container, std::vector<std::string>& lines) {
    const auto [place, fresh] = offsets_.try_emplace({task, container}, 0);
    if (fresh && first_) place->second = logs_.tail(task, container, question_.tail).value_or(0);
    const auto chunk = logs_.read(task, container, place->second);
    if (!chunk) return;
    place->second = chunk->next;
    std::string_view rest = chunk->text;
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto time_end = line.find(' ');
      if (time_end == std::string_view::npos) continue;
      lines.push_back(fmt::format("{} {} {}", line.substr(0, time_end), task.substr(0, 8), line.substr(time_end + 1)));
    }
  }

  store::Store& store_;
  const runtime::TaskLog& logs_;
  const Question question_;
  std::map<std::pair<std::string, std::string>, std::int64_t> offsets_;
  bool first_ = true;
};

// Asks again and again until the client goes. Keeps itself alive by the stream's callback.
class Follower : public std::enable_shared_from_this<Follower> {
 public:
  Follower(net::Loop& loop, Reading reading, std::shared_ptr<wire::ResponseStream> stream)
      : loop_(loop), reading_(std::move(reading)), stream_(std::move(stream)), timer_(loop, [this] { more(); }) {}

  void begin() {
    stream_->on_closed([self = shared_from_this()] {
      self->timer_.cancel();
      // Let go of later: this runs within the stream.
      self->loop_.post([self] {});
    });
    more();
  }

 private:
  void more() {
    if (stream_->closed()) return;
    if (stream_->waiting() < kMaxWaiting) {
      if (const auto text = reading_.next(); !text.empty()) stream_->write(text);
    }
    timer_.arm(loop_.now() + kFollowEvery);
  }

  net::Loop& loop_;
  Reading reading_;
  std::shared_ptr<wire::ResponseStream> stream_;
  net::Timer timer_;
};

}  // namespace

std::vector<wire::Route> log_routes(net::Loop& loop, store::Store& store, const runtime::TaskLog& logs) {
  const auto handle = [&loop, &store, &logs](const wire::RouteRequest& request,
                                             std::shared_ptr<wire::ResponseStream> stream) {
    auto question = parse_question(request.head.query());
    if (!question) return stream->reply(wire::route_error(400, question.error().message));
    const bool follow = question->follow;
    const std::string service = question->service;
    Reading reading(store, logs, std::move(*question));
    std::string text = reading.next();
    if (text.empty() && !reading.service_known()) {
      return stream->reply(wire::route_error(404, "there is no service " + service));
    }
    wire::Reply reply{
        .status = 200, .fields = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = std::move(text)};
    if (!follow) return stream->reply(std::move(reply));
    stream->start(std::move(reply));
    std::make_shared<Follower>(loop, std::move(reading), std::move(stream))->begin();
  };
  return {{.method = "GET", .prefix = "/_weir/logs", .handle = handle}};
}

}  // namespace weir
