// For tests and fuzzing: what an H1Parser says about some bytes, as text, with body pieces put together, so that two
// ways of cutting the same bytes can be compared.
#pragma once

#include <string>
#include <string_view>

#include "http/h1_parser.h"

namespace weir::http {

// Feeds `bytes` in pieces of `piece` bytes, and the end of input. One line an event, e.g.
//   "GET /a HTTP/1.1 authority=x body=length:3 close|host: x|content-length: 3" / "body abc" / "complete" /
//   "error 400 <reason>" / "need more".
std::string transcript_of_requests(std::string_view bytes, std::size_t piece);
// `method` is that of every request answered.
std::string transcript_of_responses(std::string_view bytes, std::size_t piece, Method method = Method::get);

}  // namespace weir::http
