// gRPC's framing of messages: a byte that says whether it is compressed, four of length, the message. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::cli {

inline constexpr std::size_t kGrpcPrefix = 5;  // bytes

std::string grpc_frame(std::string_view message);
// How many bytes the first message takes with its prefix, whether they are all there or not; 0: the prefix is not.
std::size_t grpc_frame_size(std::string_view bytes);

}  // namespace weir::cli
