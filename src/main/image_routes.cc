#include "main/image_routes.h"

#include <deque>
#include <thread>

#include "base/json.h"
#include "main/json_reply.h"
#include "sign/form.h"

namespace weir {

namespace {

constexpr std::uint64_t kMaxImage = 4ull << 30;  // bytes of an imported tar

wire::Reply error_reply(const Error& error) {
  const bool client = error.source == ErrorSource::client || error.code == "InvalidImage" ||
                      error.code == "InvalidImageReference" || error.code == "Form" || error.code == "Json";
  return wire::route_error(client ? 400 : error.code == "Full" ? 507 : 500, error.message);
}

Result<std::vector<std::string>> words(const sign::Form& query, std::string_view name) {
  std::vector<std::string> list;
  const std::string* given = sign::find_field(query, name);
  if (!given) return list;
  const Json json = TRY(Json::parse(*given));
  for (const auto& word : json.items()) list.push_back(word.as_string());
  return list;
}

struct Import {
  std::string reference;
  runtime::ImageConfig config;
  runtime::RootFiles files = runtime::RootFiles::on_host;
};

Result<Import> parse_import(const wire::RouteRequest& request) {
  const auto query = TRY(sign::parse_form(request.head.query()));
  Import import;
  import.reference = TRY(sign::percent_decode(request.rest, sign::Plus::is_plus));
  if (import.reference.starts_with('/')) import.reference.erase(0, 1);
  import.config.entry_point = TRY(words(query, "entrypoint"));
  import.config.command = TRY(words(query, "cmd"));
  const std::string* files = sign::find_field(query, "files");
  if (files && *files == "own") import.files = runtime::RootFiles::own;
  return import;
}

// Imports on one thread, one after another; waits for the one under way when it goes.
class Importer {
 public:
  Importer(net::Loop& loop, runtime::ImageStore& images) : loop_(loop), images_(images) {}

  void take(wire::RouteRequest request, std::shared_ptr<wire::ResponseStream> stream) {
    auto import = parse_import(request);
    if (!import) return stream->reply(error_reply(import.error()));
    waiting_.push_back({std::move(*import), std::move(request.file), std::move(stream)});
    if (waiting_.size() == 1) begin();
  }

 private:
  struct Job {
    Import import;
    wire::SpooledFile file;
    std::shared_ptr<wire::ResponseStream> stream;
  };

  // The thread reads the first job's import and file; everything else stays with the loop's thread.
  void begin() {
    const Job& job = waiting_.front();
    thread_ = std::jthread([this, &job] {
      auto digest = images_.import_tar(job.import.reference, job.file.path(), job.import.config, job.import.files);
      loop_.post([this, alive = std::weak_ptr<bool>(alive_), digest = std::move(digest)] {
        if (!alive.expired()) finish(digest);
      });
    });
  }

  void finish(const Result<std::string>& digest) {
    thread_.join();
    const Job job = std::move(waiting_.front());
    waiting_.pop_front();
    if (digest) {
      job.stream->reply(json_reply(Json::object().set("name", job.import.reference).set("digest", *digest)));
    } else {
      job.stream->reply(error_reply(digest.error()));
    }
    if (!waiting_.empty()) begin();
  }

  net::Loop& loop_;
  runtime::ImageStore& images_;
  std::deque<Job> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::jthread thread_;
};

wire::Reply list_images(const runtime::ImageStore& images) {
  const auto names = images.list();
  if (!names) return error_reply(names.error());
  Json list = Json::array();
  for (const auto& [name, digest] : *names) list.push(Json::object().set("name", name).set("digest", digest));
  return json_reply(Json::object().set("images", std::move(list)));
}

}  // namespace

std::vector<wire::Route> image_routes(net::Loop& loop, runtime::ImageStore& images) {
  std::vector<wire::Route> routes;
  routes.push_back({
      .method = "PUT",
      .prefix = "/_weir/images",
      .handle =
          [importer = std::make_shared<Importer>(loop, images)](wire::RouteRequest request,
                                                                std::shared_ptr<wire::ResponseStream> stream) {
            importer->take(std::move(request), std::move(stream));
          },
      .body = wire::Body::spooled,
      .max_body = kMaxImage,
  });
  routes.push_back(
      wire::plain_route("GET", "/_weir/images", [&images](const wire::RouteRequest&) { return list_images(images); }));
  return routes;
}

}  // namespace weir
