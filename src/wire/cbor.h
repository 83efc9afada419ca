// CBOR (RFC 8949) as Smithy's RPC v2 carries it: bytes to the document that JSON would have carried, and a described
// struct to bytes. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/shape.h"

namespace weir::wire {

// One data item and nothing after it. A timestamp (tag 1) becomes its number of seconds, undefined becomes null; what
// the services here do not use (bytes, other tags and simple values, keys that are no text) is an error, and so are a
// name twice, depth over kMaxCborDepth and invalid UTF-8. Memory is taken for what has come, not for what a length
// claims. Errors: "Cbor", with the place.
Result<Json> read_cbor(std::string_view bytes);

// Appends `value`: timestamps with tag 1, whole numbers as such, others as 64 bits of floating point.
void write_cbor(std::string& out, const Shape& shape, const void* value);
// The same of a document.
void write_cbor(std::string& out, const Json& json);

}  // namespace weir::wire
