// Every bound of the room `http`. A peer that goes over one gets the answer named beside it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::http {

// HTTP/1.1
inline constexpr std::size_t kMaxStartLine = 16 * 1024;    // bytes, CRLF included: 414 for a request
inline constexpr std::size_t kMaxHeaderBlock = 64 * 1024;  // bytes, start line included: 431
inline constexpr std::size_t kMaxHeaderCount = 128;        // fields: 431
inline constexpr std::size_t kMaxChunkLine = 256;          // bytes of size and extensions, CRLF included: 400
inline constexpr std::size_t kMaxTrailerBlock = 8 * 1024;  // bytes: 431
inline constexpr std::size_t kMaxEmptyLines = 1;           // CRLFs tolerated before a start line (RFC 9112 2.2): 400
inline constexpr std::uint64_t kMaxContentLength = std::uint64_t{1} << 62;  // bytes: 413

// HTTP/2
inline constexpr std::uint32_t kH2MaxConcurrentStreams = 256;  // REFUSED_STREAM above
inline constexpr std::uint32_t kH2StreamsBeforeSettings =
    100;                                                      // that a client gathers until it knows the server's limit
inline constexpr std::uint32_t kH2StreamWindow = 256 * 1024;  // bytes we let a peer send on one stream unasked
inline constexpr std::uint32_t kH2ConnectionWindow = 1024 * 1024;  // bytes, over all streams of a connection
inline constexpr std::uint32_t kH2MaxHeaderList = 64 * 1024;       // bytes as RFC 9113 10.5.1 counts: 431 for a request
inline constexpr std::uint32_t kH2MaxRefusedList = 4;              // times that, and for anything but a request once:
                                                                   // the stream is reset
inline constexpr std::size_t kH2MaxOutboundAcks = 1000;            // queued SETTINGS and PING answers: connection dies
inline constexpr std::size_t kH2MaxSettingsPerFrame = 32;          // entries: connection dies
inline constexpr std::size_t kH2MaxContinuations = 16;             // frames after one HEADERS: connection dies
inline constexpr std::uint32_t kH2MaxResetsPerSecond = 200;        // RST_STREAM from one peer, lasting rate ...
inline constexpr std::uint32_t kH2MaxResetBurst = 1000;            // ... and burst: ENHANCE_YOUR_CALM
inline constexpr std::size_t kH2KeptMemory = 64 * 1024;            // bytes kept by a session for its next streams
inline constexpr std::size_t kH2MinDataRoom = 1024;                // bytes: smaller room in an output waits a turn

}  // namespace weir::http
