#include "cli/prove_grpc.h"

namespace weir::cli {

std::string grpc_frame(std::string_view message) {
  std::string frame(1, '\0');  // not compressed
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(message.size() >> shift);
  frame += message;
  return frame;
}

std::size_t grpc_frame_size(std::string_view bytes) {
  if (bytes.size() < kGrpcPrefix) return 0;
  std::size_t size = 0;
  for (std::size_t i = 1; i < kGrpcPrefix; ++i) size = size << 8 | static_cast<unsigned char>(bytes[i]);
  return kGrpcPrefix + size;
}

}  // namespace weir::cli
