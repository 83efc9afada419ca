#include "proxy/metrics.h"

#include <cstdio>
#include <span>

#include "base/label_value.h"

namespace weir::proxy {
namespace {

using route::Counters;

// The bounds of every histogram: powers of two in microseconds, because the counts below those are exact.
constexpr unsigned kFirstBound = 7, kLastBound = 26;  // 128 microseconds to 67 seconds

// One line of a counter's family: the count, and the label that tells it from its siblings.
struct Line {
  Count count;
  const char* label;  // "class=\"2xx\"", or empty
};

struct Family {
  const char* name;  // after "weir_listener_", "weir_pool_", "weir_backend_"
  const char* help;
  std::span<const Line> lines;
};

constexpr Line kRequests[] = {{Count::requests, ""}};
constexpr Line kAnswers[] = {
    {Count::answered_1xx, "class=\"1xx\",by=\"backend\""}, {Count::answered_2xx, "class=\"2xx\",by=\"backend\""},
    {Count::answered_3xx, "class=\"3xx\",by=\"backend\""}, {Count::answered_4xx, "class=\"4xx\",by=\"backend\""},
    {Count::answered_5xx, "class=\"5xx\",by=\"backend\""}, {Count::own_2xx, "class=\"2xx\",by=\"proxy\""},
    {Count::own_3xx, "class=\"3xx\",by=\"proxy\""},        {Count::own_4xx, "class=\"4xx\",by=\"proxy\""},
    {Count::own_5xx, "class=\"5xx\",by=\"proxy\""},
};
constexpr Line kBackendAnswers[] = {
    {Count::answered_1xx, "class=\"1xx\""}, {Count::answered_2xx, "class=\"2xx\""},
    {Count::answered_3xx, "class=\"3xx\""}, {Count::answered_4xx, "class=\"4xx\""},
    {Count::answered_5xx, "class=\"5xx\""},
};
constexpr Line kOwnErrors[] = {
    {Count::own_502, "status=\"502\""}, {Count::own_503, "status=\"503\""}, {Count::own_504, "status=\"504\""}};
constexpr Line kFailures[] = {
    {Count::failed_none_in_service, "cause=\"none_in_service\""},
    {Count::failed_crowded, "cause=\"crowded\""},
    {Count::failed_refused, "cause=\"refused\""},
    {Count::failed_drained, "cause=\"drained\""},
    {Count::failed_connect_timeout, "cause=\"connect_timeout\""},
    {Count::failed_handshake, "cause=\"handshake\""},
    {Count::failed_response_timeout, "cause=\"response_timeout\""},
    {Count::failed_try_timeout, "cause=\"try_timeout\""},
    {Count::failed_request_timeout, "cause=\"request_timeout\""},
    {Count::failed_client_silent, "cause=\"client_silent\""},
    {Count::failed_too_large, "cause=\"too_large\""},
    {Count::failed_closed, "cause=\"closed\""},
    {Count::failed_malformed, "cause=\"malformed\""},
};
constexpr Line kRetries[] = {{Count::retries, ""}};
constexpr Line kEjections[] = {{Count::ejections, ""}};
constexpr Line kAborts[] = {{Count::client_aborts, ""}};
constexpr Line kBytesIn[] = {{Count::bytes_in, ""}};
constexpr Line kBytesOut[] = {{Count::bytes_out, ""}};
constexpr Line kRedirects[] = {{Count::redirects, ""}};
constexpr Line kFixed[] = {{Count::fixed_responses, ""}};
constexpr Line kConnections[] = {{Count::connections, ""}};
constexpr Line kLogLines[] = {{Count::log_lines, ""}};
constexpr Line kLogDropped[] = {{Count::log_dropped, ""}};
constexpr Line kTlsFailures[] = {{Count::tls_failures, ""}};
constexpr Line kRefusedStreams[] = {{Count::refused_malformed, "cause=\"malformed\""},
                                    {Count::refused_too_many, "cause=\"too_many\""},
                                    {Count::refused_too_large, "cause=\"too_large\""}};
constexpr Line kProtocolFaults[] = {{Count::protocol_faults, ""}};
constexpr Line kConnectionFailures[] = {{Count::connections_failed, ""}};

constexpr Family kShared[] = {
    {"responses_total", "Requests by what they came to and who answered; 460 (the client left) counts as 4xx.",
     kAnswers},
    {"own_errors_total", "Answers of the proxy itself for want of a backend's, by status.", kOwnErrors},
    {"failures_total", "Requests without a whole answer of a backend, by cause.", kFailures},
    {"retries_total", "Further tries after the first, on another backend or the same.", kRetries},
    {"client_aborts_total", "Requests whose client left before the answer was complete.", kAborts},
};
constexpr Family kOfListener[] = {
    {"requests_total", "Requests begun: their head is complete, or malformed.", kRequests},
    {"redirects_total", "Requests that a rule redirected.", kRedirects},
    {"fixed_responses_total", "Requests that a rule answered.", kFixed},
    {"connections_total", "Connections accepted.", kConnections},
    {"tls_failures_total", "TLS handshakes with clients that failed.", kTlsFailures},
    {"refused_streams_total", "HTTP/2 streams that were reset before they became a request, by cause.",
     kRefusedStreams},
    {"protocol_faults_total", "HTTP/2 connections ended because the client broke the protocol, or flooded.",
     kProtocolFaults},
    {"log_lines_total", "Lines for the access log.", kLogLines},
    {"log_dropped_lines_total", "Lines for which there was no room on the way to the access log.", kLogDropped},
};
constexpr Family kOfPool[] = {
    {"requests_total", "Requests for which the pool was chosen.", kRequests},
    {"ejections_total", "Backends ejected for failing users; each worker judges for itself.", kEjections},
};
constexpr Family kOfBackend[] = {
    {"requests_total", "Tries sent to the backend.", kRequests},
    {"responses_total", "Responses of the backend, by class.", kBackendAnswers},
    {"failures_total", "Tries that brought no whole answer, by cause.", kFailures},
    {"ejections_total", "How often it was ejected for failing users; each worker judges for itself.", kEjections},
    {"connections_total", "Connections to the backend that were begun.", kConnections},
    {"connection_failures_total", "Connections to the backend that never stood.", kConnectionFailures},
};
constexpr Family kBytes[] = {
    {"request_bytes_total", "Bytes of requests: heads as HTTP/1.1 writes them, and bodies without framing.", kBytesIn},
    {"response_bytes_total", "Bytes of responses: heads as HTTP/1.1 writes them, and bodies without framing.",
     kBytesOut},
};

// Something that counts, with its labels.
struct Source {
  std::string labels;
  const Counters* counters;
};
using Sources = std::vector<Source>;

class Text {
 public:
  void head(const std::string& name, const char* type, const char* help) {
    out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void line(const std::string& name, const std::string& labels, std::uint64_t value) {
    out.append(name);
    if (!labels.empty()) out.append("{").append(labels).append("}");
    out.append(" ").append(std::to_string(value)).append("\n");
  }
  void families(const std::string& prefix, std::span<const Family> families, const Sources& sources) {
    for (const Family& family : families) {
      const std::string name = prefix + family.name;
      head(name, "counter", family.help);
      for (const Source& source : sources) {
        for (const Line& each : family.lines) {
          const std::string labels = each.label[0] == '\0' ? source.labels : source.labels + "," + each.label;
          line(name, labels, (*source.counters)[each.count]);
        }
      }
    }
  }
  template <class Value>
  void gauge(const std::string& name, const char* help, const Sources& sources, Value value) {
    head(name, "gauge", help);
    for (const Source& source : sources) line(name, source.labels, value(*source.counters));
  }
  void histogram(const std::string& name, const char* help, const Sources& sources, Histogram Counters::*which) {
    head(name, "histogram", help);
    for (const Source& source : sources) {
      const Histogram& histogram = source.counters->*which;
      std::array<std::uint64_t, kLastBound + 1> below{};
      histogram.each([&below](unsigned bucket, std::uint64_t count) {
        const unsigned bound = static_cast<unsigned>(std::bit_width(Histogram::low(bucket)));
        if (bound <= kLastBound) below[std::max(bound, kFirstBound)] += count;
      });
      std::uint64_t sum = 0;
      for (unsigned bound = kFirstBound; bound <= kLastBound; ++bound) {
        sum += below[bound];
        line(name + "_bucket", source.labels + ",le=\"" + seconds(std::uint64_t{1} << bound) + "\"", sum);
      }
      line(name + "_bucket", source.labels + ",le=\"+Inf\"", histogram.count());
      out += name + "_sum{" + source.labels + "} " + seconds(histogram.sum()) + "\n";
      line(name + "_count", source.labels, histogram.count());
    }
  }

  std::string out;

 private:
  static std::string seconds(std::uint64_t micros) {
    std::array<char, 32> text;
    const int size = std::snprintf(text.data(), text.size(), "%lu.%06lu", micros / 1'000'000, micros % 1'000'000);
    return {text.data(), static_cast<std::size_t>(size)};
  }
};

std::uint64_t active(const Counters& counters) { return counters.active(); }
std::uint64_t connected(const Counters& counters) {
  return counters[Count::connections] - counters[Count::connections_closed];
}

void listeners(Text& text, const Books& books) {
  Sources sources;
  for (const auto& [id, entry] : books.listeners()) {
    sources.push_back({"listener=\"" + label_value(id) + "\"", &entry.counters});
  }
  text.families("weir_listener_", kOfListener, sources);
  text.families("weir_listener_", kShared, sources);
  text.families("weir_listener_", kBytes, sources);
  text.gauge("weir_listener_active_requests", "Requests in flight.", sources, active);
  text.gauge("weir_listener_active_connections", "Connections of clients that are open.", sources, connected);
  text.histogram("weir_listener_request_seconds", "From a request's head to the end of its response.", sources,
                 &Counters::duration);
  text.histogram("weir_listener_response_time_seconds",
                 "From when a backend was sent the request until its response began.", sources,
                 &Counters::response_time);
}

void pools(Text& text, const Books& books) {
  Sources sources;
  for (const auto& [id, entry] : books.pools())
    sources.push_back({"pool=\"" + label_value(id) + "\"", &entry.counters});
  text.families("weir_pool_", kOfPool, sources);
  text.families("weir_pool_", kShared, sources);
  text.families("weir_pool_", kBytes, sources);
  text.gauge("weir_pool_active_requests", "Requests in flight.", sources, active);
  text.histogram("weir_pool_request_seconds", "From a request's head to the end of its response.", sources,
                 &Counters::duration);
  text.histogram("weir_pool_response_time_seconds",
                 "From when a backend was sent the request until its response began.", sources,
                 &Counters::response_time);
}

void backends(Text& text, const route::Feedback& now, const Books& books) {
  Sources sources;
  for (const auto& [id, pool] : books.pools()) {
    for (const auto& [backend, entry] : pool.backends) {
      sources.push_back({"pool=\"" + label_value(id) + "\",backend=\"" + label_value(backend) + "\"", &entry.counters});
    }
  }
  text.families("weir_backend_", kOfBackend, sources);
  text.families("weir_backend_", kBytes, sources);
  text.gauge("weir_backend_active_requests", "Tries in flight.", sources, active);
  text.gauge("weir_backend_active_connections", "Connections to the backend, open or being opened.", sources,
             connected);
  text.histogram("weir_backend_response_time_seconds",
                 "From when the backend was sent the request until its response began.", sources,
                 &Counters::response_time);
  text.head("weir_backend_healthy", "gauge", "1 where the backend passes its health checks.");
  for (const route::BackendStatus& status : now.backends) {
    text.line("weir_backend_healthy",
              "pool=\"" + label_value(status.pool) + "\",backend=\"" + label_value(status.backend) + "\"",
              status.health == route::Health::healthy);
  }
}

}  // namespace

std::string metrics_text(const route::RouteTable& table, const route::Feedback& now, const Books& books,
                         const AccessLogs& logs) {
  Text text;
  text.head("weir_table_version", "gauge", "The newest table that every worker runs.");
  text.line("weir_table_version", "", static_cast<std::uint64_t>(now.acknowledged));
  text.head("weir_listener_up", "gauge", "1 where the listener listens.");
  for (const route::ListenerStatus& status : now.listeners) {
    text.line("weir_listener_up", "listener=\"" + label_value(status.listener) + "\"", status.listening);
  }
  text.head("weir_listener_log_writable", "gauge", "1 where the listener's access log can be written.");
  for (const route::Listener& listener : table.listeners) {
    if (!listener.access_log) continue;
    text.line("weir_listener_log_writable", "listener=\"" + label_value(listener.id) + "\"",
              logs.error(listener.access_log->path).empty());
  }
  listeners(text, books);
  pools(text, books);
  backends(text, now, books);
  return std::move(text.out);
}

}  // namespace weir::proxy
