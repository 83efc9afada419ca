#include "http/h2_session.h"

#include <arpa/inet.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.h"
#include "http/h2_memory.h"

namespace weir::http {
namespace {

constexpr const char* kCodeNames[] = {
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
};

constexpr std::size_t kFrameHeader = 9;     // bytes ...
constexpr std::size_t kFrameType = 3;       // ... of which this one says the type
constexpr std::size_t kFieldOverhead = 32;  // bytes a field counts beyond its text, RFC 9113 10.5.1

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv pair_of(std::string_view name, std::string_view value, std::uint8_t flags) {
  const auto bytes = [](std::string_view s) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(s.data())); };
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

// A name in small letters that outlives the session is neither copied nor made small by nghttp2.
nghttp2_nv lasting(std::string_view name, std::string_view value) {
  return pair_of(name, value, NGHTTP2_NV_FLAG_NO_COPY_NAME);
}

nghttp2_nv pair_of(const HeaderField& field) {
  if (field.id != HeaderId::other) return lasting(header_name(field.id), field.value);
  return pair_of(field.name, field.value, NGHTTP2_NV_FLAG_NONE);
}

// RFC 9113 8.2.2: connection-specific fields are malformed in HTTP/2; Host is said by ":authority".
constexpr std::uint64_t kNotInH2 = bit(HeaderId::connection) | bit(HeaderId::keep_alive) |
                                   bit(HeaderId::proxy_connection) | bit(HeaderId::transfer_encoding) |
                                   bit(HeaderId::upgrade) | bit(HeaderId::http2_settings) | bit(HeaderId::host);

bool may_send(const HeaderField& field) {
  if (kNotInH2 & bit(field.id)) return false;
  return field.id != HeaderId::te || equals_ignoring_case(field.value, "trailers");
}

template <class Head>
void frame(Head& head, bool end) {
  head.version = Version::http2;
  head.body = end ? BodyKind::none : BodyKind::chunked;
  head.content_length = 0;
  if (const auto length = head.fields.find(HeaderId::content_length)) {  // nghttp2 has checked that it is a number
    for (const char c : *length) head.content_length = head.content_length * 10 + static_cast<unsigned>(c - '0');
    if (!end || head.content_length == 0) head.body = BodyKind::length;  // "0" is said on, also without a body
  }
}

Error session_error(int code) { return Error{"Http2", nghttp2_strerror(code), ErrorSource::network, Retry::never}; }

}  // namespace

const char* name_of(H2Code code) {
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(kCodeNames) ? kCodeNames[index] : "UNKNOWN";
}

struct H2Session::State {
  State(Side s, H2Events& e, const H2Options& o) : side(s), events(e), options(o) {}
  ~State() { nghttp2_session_del(session); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Side side;
  H2Events& events;
  H2Options options;
  H2Memory memory;
  nghttp2_session* session = nullptr;
  std::size_t open_streams = 0;
  bool goaway_due = false;
  bool settings_came = false;
  H2Code fault = H2Code::no_error;
  StreamId not_sent = 0;  // a request that nghttp2 gave up before its first byte left

  // The header block being received: only one can be at a time on a connection.
  RequestHead request;
  ResponseHead response;
  std::string cookies;          // crumbs, joined as RFC 9113 8.2.3 asks for before they leave HTTP/2
  std::size_t header_list = 0;  // bytes so far

  std::vector<nghttp2_nv> fields;  // scratch for submitting

  // Output: what nghttp2 serialised but did not fit yet, and the buffer of the drain() under way.
  std::string_view pending;
  char* out_begin = nullptr;
  char* out = nullptr;
  char* out_end = nullptr;
  H2BodyPart part;

  HeaderBlock& incoming() { return side == Side::server ? request.fields : response.fields; }
  std::size_t room() const { return static_cast<std::size_t>(out_end - out); }
  void put(std::string_view bytes) {
    if (bytes.empty()) return;  // its pointer may be null
    std::memcpy(out, bytes.data(), bytes.size());
    out += bytes.size();
  }
  void add_fields(const HeaderBlock& block) {
    for (const HeaderField field : block) {
      if (may_send(field)) fields.push_back(pair_of(field));
    }
  }
  // Only when it is about to be sent: a request fed since goaway() was called is processed, so it must be covered.
  void submit_goaway() {
    const StreamId last = nghttp2_session_get_last_proc_stream_id(session);
    nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
  }
  // False for a field that nghttp2 lets through and we do not.
  bool take_field(std::string_view name, std::string_view value);
  bool take_pseudo_field(std::string_view letters, std::string_view value);
  // `pending` is a GOAWAY on its way out.
  void note_goaway() {
    if (pending.size() < kFrameHeader + 2 * sizeof(std::uint32_t)) return;
    std::uint32_t code;
    std::memcpy(&code, pending.data() + kFrameHeader + sizeof code, sizeof code);
    if (fault == H2Code::no_error) fault = static_cast<H2Code>(ntohl(code));
  }
  int drop_field() {
    request.oversized = true;
    return 0;
  }
  void end_of_head(StreamId stream, bool end);
  void end_of_request(StreamId stream, bool end);
  void end_of_response(StreamId stream, bool end);
};

// nghttp2 lets none through but those that HTTP/2 knows; two letters tell them apart.
bool H2Session::State::take_pseudo_field(std::string_view letters, std::string_view value) {
  switch (letters[0]) {
    case 'p':
      if (letters[1] == 'a') request.set_target(value);
      return true;
    case 'm':
      request.set_method(value);
      return true;
    case 'a':
      request.set_authority(value);
      return true;
    default:
      break;
  }
  if (letters[1] == 'c') {
    request.set_scheme(value);
    return true;
  }
  for (const char c : value) response.status = static_cast<std::uint16_t>(response.status * 10 + (c - '0'));
  return response.status >= 100 && response.status <= 599;
}

bool H2Session::State::take_field(std::string_view name, std::string_view value) {
  if (name[0] == ':') return take_pseudo_field(name.substr(1, 2), value);
  if (name == "cookie") {
    if (!cookies.empty()) cookies += "; ";
    cookies += value;
    return true;
  }
  incoming().add(name, value);
  return true;
}

void H2Session::State::end_of_head(StreamId stream, bool end) {
  if (!cookies.empty()) {
    incoming().add(HeaderId::cookie, cookies);
    cookies.clear();
  }
  if (side == Side::server) {
    end_of_request(stream, end);
  } else {
    end_of_response(stream, end);
  }
}

void H2Session::State::end_of_request(StreamId stream, bool end) {
  if (request.method_text.size == 0) {  // no pseudo-field: trailers
    events.on_trailers(stream, nghttp2_session_get_stream_user_data(session, stream), request.fields);
    return;
  }
  frame(request, end);
  if (request.authority_text.size == 0) {
    if (const auto host = request.fields.find(HeaderId::host)) request.set_authority(std::string(*host));
  }
  request.fields.remove(HeaderId::host);
  const auto expectation = request.fields.find(HeaderId::expect);
  request.expect_continue = !end && expectation && equals_ignoring_case(*expectation, "100-continue");
  ++open_streams;
  void* user = events.on_request(stream, request, end);
  check(user != nullptr, "on_request returned no user");
  nghttp2_session_set_stream_user_data(session, stream, user);
}

void H2Session::State::end_of_response(StreamId stream, bool end) {
  void* user = nghttp2_session_get_stream_user_data(session, stream);
  if (response.status == 0) {
    events.on_trailers(stream, user, response.fields);
    return;
  }
  frame(response, end);
  if (response.informational()) response.body = BodyKind::none;
  events.on_response(stream, user, response, end);
}

// nghttp2's callbacks; `user_data` is the State.
struct H2Session::Callbacks {
  static State& of(void* user_data) { return *static_cast<State*>(user_data); }
  static void* user(nghttp2_session* session, StreamId stream) {
    return nghttp2_session_get_stream_user_data(session, stream);
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame*, void* user_data) {
    State& state = of(user_data);
    state.request.clear();
    state.response.clear();
    state.cookies.clear();
    state.header_list = 0;
    return 0;
  }

  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                    void* user_data) {
    State& state = of(user_data);
    state.header_list += name_size + value_size + kFieldOverhead;
    const std::size_t most = state.options.max_header_list;
    if (state.header_list > most) {
      const bool answerable = state.side == Side::server && state.request.method_text.size > 0;
      if (answerable && state.header_list <= kH2MaxRefusedList * most) return state.drop_field();
      return give_up(session, frame->hd.stream_id, H2Code::enhance_your_calm, state);
    }
    if (!state.take_field(text_of(name, name_size), text_of(value, value_size))) {
      return give_up(session, frame->hd.stream_id, H2Code::protocol_error, state);
    }
    return 0;
  }

  // Resets a stream whose header block we cannot take. It is over for its owner at once: whatever the peer sends
  // until it hears of the reset belongs to nobody.
  static int give_up(nghttp2_session* session, StreamId stream, H2Code code, State& state) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, static_cast<std::uint32_t>(code));
    if (void* owner = user(session, stream)) {
      nghttp2_session_set_stream_user_data(session, stream, nullptr);
      --state.open_streams;
      state.events.on_closed(stream, owner, code);
    } else if (state.side == Side::server) {
      state.events.on_refused(stream, code);
    }
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int frame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    State& state = of(user_data);
    const StreamId stream = frame->hd.stream_id;
    const bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        state.end_of_head(stream, end);
        [[fallthrough]];
      case NGHTTP2_DATA:
        if (end) state.events.on_end(stream, user(session, stream));
        break;
      case NGHTTP2_SETTINGS:
        if (frame->hd.flags & NGHTTP2_FLAG_ACK) break;
        state.settings_came = true;
        state.events.on_settings();
        break;
      case NGHTTP2_GOAWAY:
        state.events.on_goaway(frame->goaway.last_stream_id, static_cast<H2Code>(frame->goaway.error_code));
        break;
      case NGHTTP2_PING:
        if (frame->hd.flags & NGHTTP2_FLAG_ACK) {
          std::uint64_t payload;
          std::memcpy(&payload, frame->ping.opaque_data, sizeof payload);
          state.events.on_pong(payload);
        }
        break;
      default:
        break;
    }
    return 0;
  }

  // nghttp2 resets the stream, or ends the connection, by itself.
  static int invalid(nghttp2_session*, const nghttp2_frame* frame, int error, void* user_data) {
    State& state = of(user_data);
    const bool request = frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    if (!request || state.side != Side::server) return 0;
    if (error == NGHTTP2_ERR_REFUSED_STREAM) state.events.on_refused(frame->hd.stream_id, H2Code::refused_stream);
    if (error == NGHTTP2_ERR_HTTP_HEADER || error == NGHTTP2_ERR_HTTP_MESSAGING) {
      state.events.on_refused(frame->hd.stream_id, H2Code::protocol_error);
    }
    return 0;
  }

  static int data(nghttp2_session* session, std::uint8_t, StreamId stream, const std::uint8_t* bytes, std::size_t size,
                  void* user_data) {
    if (void* owner = user(session, stream)) {
      of(user_data).events.on_data(stream, owner, text_of(bytes, size));
    } else {
      nghttp2_session_consume(session, stream, size);
    }
    return 0;
  }

  static int closed(nghttp2_session* session, StreamId stream, std::uint32_t code, void* user_data) {
    State& state = of(user_data);
    void* stream_user = user(session, stream);
    if (stream_user == nullptr) return 0;  // reset before it was a request, or given up
    --state.open_streams;
    if (std::exchange(state.not_sent, 0) == stream) code = NGHTTP2_REFUSED_STREAM;
    state.events.on_closed(stream, stream_user, static_cast<H2Code>(code));
    return 0;
  }

  static int not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user_data) {
    const bool request = frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    if (request) of(user_data).not_sent = frame->hd.stream_id;
    return 0;
  }

  // Asked by nghttp2 for the next piece of a body: it stays where it is, send_data copies it behind its frame header.
  static ssize_t read_body(nghttp2_session* session, StreamId stream, std::uint8_t*, std::size_t max,
                           std::uint32_t* flags, nghttp2_data_source*, void* user_data) {
    State& state = of(user_data);
    const bool cramped = state.room() < kFrameHeader + std::min(max, kH2MinDataRoom);
    if (cramped && state.out != state.out_begin) return NGHTTP2_ERR_PAUSE;  // the next drain() has more room
    if (state.room() <= kFrameHeader) return NGHTTP2_ERR_PAUSE;
    max = std::min(max, state.room() - kFrameHeader);
    state.part = state.events.next_body(stream, user(session, stream), max);
    const H2BodyPart& part = state.part;
    check(part.bytes.size() <= max, "next_body returned more than it was asked for");
    if (part.bytes.empty() && part.then == H2BodyPart::Then::more) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (part.then != H2BodyPart::Then::more) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (part.then == H2BodyPart::Then::trailers) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return static_cast<ssize_t>(part.bytes.size());
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* header, std::size_t size,
                       nghttp2_data_source*, void* user_data) {
    State& state = of(user_data);
    if (state.room() < kFrameHeader + size) return NGHTTP2_ERR_WOULDBLOCK;
    state.put(text_of(header, kFrameHeader));
    state.put(state.part.bytes.substr(0, size));
    return 0;
  }

  // Made once per session: cheap beside the session itself, and no global state.
  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    check(nghttp2_session_callbacks_new(&callbacks) == 0, "out of memory");
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, invalid);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, closed);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, not_sent);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
    return callbacks;
  }

  static nghttp2_mem mem_of(H2Memory& memory) {
    return {.mem_user_data = &memory,
            .malloc = [](std::size_t size, void* user) { return static_cast<H2Memory*>(user)->take(size); },
            .free = [](void* piece, void* user) { static_cast<H2Memory*>(user)->give(piece); },
            .calloc = [](std::size_t count, std::size_t size, void* user) -> void* {
              void* piece = static_cast<H2Memory*>(user)->take(count * size);  // nghttp2's own sizes: no overflow
              return piece == nullptr ? nullptr : std::memset(piece, 0, count * size);
            },
            .realloc = [](void* piece, std::size_t size,
                          void* user) { return static_cast<H2Memory*>(user)->resize(piece, size); }};
  }

  static nghttp2_option* make_options() {
    nghttp2_option* option = nullptr;
    check(nghttp2_option_new(&option) == 0, "out of memory");
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_peer_max_concurrent_streams(option, 0);  // of a server, until it says another number
    nghttp2_option_set_max_outbound_ack(option, kH2MaxOutboundAcks);
    nghttp2_option_set_max_settings(option, kH2MaxSettingsPerFrame);
    nghttp2_option_set_max_continuations(option, kH2MaxContinuations);
    nghttp2_option_set_stream_reset_rate_limit(option, kH2MaxResetBurst, kH2MaxResetsPerSecond);
    return option;
  }
};

H2Session::H2Session(Side side, H2Events& events, const H2Options& options)
    : state_(std::make_unique<State>(side, events, options)) {
  nghttp2_session_callbacks* callbacks = Callbacks::make();
  nghttp2_option* option = Callbacks::make_options();
  const auto create = side == Side::server ? nghttp2_session_server_new3 : nghttp2_session_client_new3;
  nghttp2_mem memory = Callbacks::mem_of(state_->memory);
  check(create(&state_->session, callbacks, state_.get(), option, &memory) == 0, "out of memory");
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);

  const nghttp2_settings_entry entries[] = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.max_header_list},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      side == Side::server
          ? nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams}
          : nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  };
  check(nghttp2_submit_settings(state_->session, NGHTTP2_FLAG_NONE, entries, std::size(entries)) == 0,
        "the settings are not valid");
  check(nghttp2_session_set_local_window_size(state_->session, NGHTTP2_FLAG_NONE, 0,
                                              static_cast<std::int32_t>(options.connection_window)) == 0,
        "the connection window is not valid");
}

H2Session::~H2Session() = default;

Result<void> H2Session::feed(std::string_view bytes) {
  const ssize_t taken =
      nghttp2_session_mem_recv(state_->session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0) {
    state_->fault = taken == NGHTTP2_ERR_FLOODED ? H2Code::enhance_your_calm : H2Code::protocol_error;
    return std::unexpected(session_error(static_cast<int>(taken)));
  }
  return {};
}

std::size_t H2Session::drain(std::span<char> buffer) {
  State& state = *state_;
  if (std::exchange(state.goaway_due, false)) state.submit_goaway();
  state.out_begin = state.out = buffer.data();
  state.out_end = buffer.data() + buffer.size();
  while (true) {
    const std::string_view piece = state.pending.substr(0, state.room());
    if (!piece.empty()) state.put(piece);
    state.pending.remove_prefix(piece.size());
    if (!state.pending.empty() || state.room() == 0) break;
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(state.session, &bytes);
    if (size <= 0) break;
    state.pending = text_of(bytes, static_cast<std::size_t>(size));
    if (bytes[kFrameType] == NGHTTP2_GOAWAY) state.note_goaway();
  }
  return static_cast<std::size_t>(state.out - buffer.data());
}

bool H2Session::wants_write() const { return !state_->pending.empty() || nghttp2_session_want_write(state_->session); }

bool H2Session::finished() const { return !wants_write() && !nghttp2_session_want_read(state_->session); }

namespace {
constexpr nghttp2_data_provider provider(nghttp2_data_source_read_callback read) {
  return {.source = {.ptr = nullptr}, .read_callback = read};
}
}  // namespace

Result<StreamId> H2Session::submit_request(const RequestHead& head, H2Body body, void* user) {
  State& state = *state_;
  if (!can_open()) return fail("Http2Busy", "no stream can be opened", ErrorSource::network, Retry::safe);
  state.fields.clear();
  state.fields.push_back(lasting(":method", head.method_name()));
  if (head.method != Method::connect) {
    state.fields.push_back(lasting(":scheme", head.scheme().empty() ? "http" : head.scheme()));
    state.fields.push_back(lasting(":path", head.target()));
  }
  if (!head.authority().empty()) state.fields.push_back(lasting(":authority", head.authority()));
  state.add_fields(head.fields);
  const nghttp2_data_provider source = provider(Callbacks::read_body);
  const StreamId stream = nghttp2_submit_request(state.session, nullptr, state.fields.data(), state.fields.size(),
                                                 body == H2Body::follows ? &source : nullptr, user);
  if (stream < 0) return std::unexpected(session_error(stream));
  ++state.open_streams;
  return stream;
}

Result<void> H2Session::submit_response(StreamId stream, const ResponseHead& head, H2Body body) {
  State& state = *state_;
  const char status[3] = {static_cast<char>('0' + head.status / 100), static_cast<char>('0' + head.status / 10 % 10),
                          static_cast<char>('0' + head.status % 10)};
  state.fields.clear();
  state.fields.push_back(lasting(":status", {status, sizeof status}));
  state.add_fields(head.fields);
  const nghttp2_data_provider source = provider(Callbacks::read_body);
  const int code = head.informational()
                       ? nghttp2_submit_headers(state.session, NGHTTP2_FLAG_NONE, stream, nullptr, state.fields.data(),
                                                state.fields.size(), nullptr)
                       : nghttp2_submit_response(state.session, stream, state.fields.data(), state.fields.size(),
                                                 body == H2Body::follows ? &source : nullptr);
  if (code != 0) return std::unexpected(session_error(code));
  return {};
}

Result<void> H2Session::submit_trailers(StreamId stream, const HeaderBlock& trailers) {
  State& state = *state_;
  state.fields.clear();
  state.add_fields(trailers);
  const int code = nghttp2_submit_trailer(state.session, stream, state.fields.data(), state.fields.size());
  if (code != 0) return std::unexpected(session_error(code));
  return {};
}

void H2Session::resume(StreamId stream) { nghttp2_session_resume_data(state_->session, stream); }

void H2Session::consume(StreamId stream, std::size_t size) { nghttp2_session_consume(state_->session, stream, size); }

void H2Session::reset(StreamId stream, H2Code code) {
  nghttp2_submit_rst_stream(state_->session, NGHTTP2_FLAG_NONE, stream, static_cast<std::uint32_t>(code));
}

void H2Session::shutdown_notice() { nghttp2_submit_shutdown_notice(state_->session); }

void H2Session::goaway(H2Code code) {
  if (code != H2Code::no_error) {
    nghttp2_session_terminate_session(state_->session, static_cast<std::uint32_t>(code));
    return;
  }
  state_->goaway_due = true;
}

void H2Session::ping(std::uint64_t payload) {
  std::uint8_t bytes[sizeof payload];
  std::memcpy(bytes, &payload, sizeof payload);
  nghttp2_submit_ping(state_->session, NGHTTP2_FLAG_NONE, bytes);
}

void H2Session::set_user(StreamId stream, void* user) {
  nghttp2_session_set_stream_user_data(state_->session, stream, user);
}

void* H2Session::user(StreamId stream) const { return nghttp2_session_get_stream_user_data(state_->session, stream); }

H2Code H2Session::fault() const { return state_->fault; }

std::size_t H2Session::open_streams() const { return state_->open_streams; }

bool H2Session::can_open() const {
  return state_->side == Side::client && nghttp2_session_check_request_allowed(state_->session) &&
         state_->open_streams < peer_max_streams();
}

std::uint32_t H2Session::peer_max_streams() const {
  if (!state_->settings_came) return kH2StreamsBeforeSettings;
  return nghttp2_session_get_remote_settings(state_->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

std::size_t H2Session::send_window(StreamId stream) const {
  const std::int32_t own = nghttp2_session_get_stream_remote_window_size(state_->session, stream);
  return static_cast<std::size_t>(std::max(0, std::min(own, nghttp2_session_get_remote_window_size(state_->session))));
}

}  // namespace weir::http
