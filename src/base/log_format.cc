#include "base/log_format.h"

#include <charconv>
#include <utility>

namespace weir {

namespace {

constexpr std::pair<std::string_view, LogOperator> kOperators[] = {
    {"START_TIME", LogOperator::start_time},
    {"PROTOCOL", LogOperator::protocol},
    {"RESPONSE_CODE", LogOperator::response_code},
    {"RESPONSE_FLAGS", LogOperator::response_flags},
    {"BYTES_RECEIVED", LogOperator::bytes_received},
    {"BYTES_SENT", LogOperator::bytes_sent},
    {"DURATION", LogOperator::duration},
    {"REQUEST_DURATION", LogOperator::request_duration},
    {"RESPONSE_DURATION", LogOperator::response_duration},
    {"UPSTREAM_REQUEST_ATTEMPT_COUNT", LogOperator::attempts},
    {"UPSTREAM_HOST", LogOperator::upstream_host},
    {"UPSTREAM_REMOTE_ADDRESS", LogOperator::upstream_host},
    {"UPSTREAM_CLUSTER", LogOperator::upstream_cluster},
    {"REQUESTED_SERVER_NAME", LogOperator::server_name},
    {"DOWNSTREAM_REMOTE_ADDRESS", LogOperator::remote_address},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS", LogOperator::remote_address},
    {"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", LogOperator::remote_address_without_port},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", LogOperator::remote_address_without_port},
    {"DOWNSTREAM_REMOTE_PORT", LogOperator::remote_port},
    {"DOWNSTREAM_LOCAL_ADDRESS", LogOperator::local_address},
    {"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", LogOperator::local_address_without_port},
    {"DOWNSTREAM_LOCAL_PORT", LogOperator::local_port},
};

std::unexpected<Error> bad_format(const std::string& what) { return fail("LogFormat", what); }

std::string lower_field(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower;
}

// "REQ(:PATH?:METHOD):20", without its percent signs.
Result<LogPiece> field_of(LogOperator what, std::string_view whole, std::string_view arguments) {
  LogPiece piece{.what = what, .text = {}, .first = {}, .second = {}};
  const auto close = arguments.find(')');
  if (close == std::string_view::npos) return bad_format("%" + std::string(whole) + "%: its parenthesis is not closed");
  const std::string_view names = arguments.substr(0, close), rest = arguments.substr(close + 1);
  const auto question = names.find('?');
  piece.first = lower_field(names.substr(0, question));
  if (question != std::string_view::npos) piece.second = lower_field(names.substr(question + 1));
  if (piece.first.empty()) return bad_format("%" + std::string(whole) + "%: it names no field");
  if (rest.empty()) return piece;
  const char* end = rest.data() + rest.size();
  const auto read = std::from_chars(rest.data() + 1, end, piece.most);
  if (rest[0] != ':' || read.ec != std::errc() || read.ptr != end || piece.most == 0) {
    return bad_format("%" + std::string(whole) + "%: after the parenthesis there may be a colon and a length");
  }
  return piece;
}

Result<LogPiece> operator_of(std::string_view whole) {
  if (whole.starts_with("REQ(")) return field_of(LogOperator::request_field, whole, whole.substr(4));
  if (whole.starts_with("RESP(")) return field_of(LogOperator::response_field, whole, whole.substr(5));
  for (const auto& [name, what] : kOperators) {
    if (whole == name) return LogPiece{.what = what, .text = {}, .first = {}, .second = {}};
  }
  return bad_format("%" + std::string(whole) + "% is not known here");
}

// Where the percent sign is that closes an operator; those within its parentheses are arguments.
std::size_t end_of(std::string_view text) {
  const auto mark = text.find_first_of("(%");
  if (mark == std::string_view::npos || text[mark] == '%') return mark;
  const auto close = text.find(')', mark);
  return text.find('%', close == std::string_view::npos ? mark : close);
}

}  // namespace

Result<LogFormat> parse_log_format(std::string_view text) {
  LogFormat format;
  const auto add_text = [&](std::string_view more) {
    if (more.empty()) return;
    if (format.empty() || format.back().what != LogOperator::text) format.emplace_back();
    format.back().text += more;
  };
  while (!text.empty()) {
    const auto begin = text.find('%');
    add_text(text.substr(0, begin));
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin + 1);
    const auto end = end_of(text);
    if (end == std::string_view::npos) return bad_format("a percent sign is not closed: %" + std::string(text));
    if (end == 0) {
      add_text("%");
    } else {
      format.push_back(TRY(operator_of(text.substr(0, end))));
    }
    text.remove_prefix(end + 1);
  }
  return format;
}

}  // namespace weir
