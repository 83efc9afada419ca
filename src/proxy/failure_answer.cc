#include "proxy/failure_answer.h"

namespace weir::proxy {

FailureAnswer answer_for(FailureCause cause) {
  switch (cause) {
    case FailureCause::none_in_service:
      return {503, "No backend is in service.\n"};
    case FailureCause::crowded:
      return {503, "Every backend has as much to do as it may.\n"};
    case FailureCause::drained:
      return {504, "The backend was taken out of service before it answered.\n"};
    case FailureCause::refused:
      return {502, "The backend refused the connection.\n"};
    case FailureCause::connect_timeout:
      return {504, "The backend could not be reached in time.\n"};
    case FailureCause::handshake:
      return {502, "No TLS session with the backend could be agreed.\n"};
    case FailureCause::response_timeout:
    case FailureCause::try_timeout:
      return {504, "The backend did not answer in time.\n"};
    case FailureCause::request_timeout:
      return {504, "The request was not answered in its time.\n"};
    case FailureCause::client_silent:
      return {408, "The request did not come in time.\n"};
    case FailureCause::too_large:
      return {413, "The request's body is larger than this listener takes.\n"};
    case FailureCause::closed:
      return {502, "The backend closed the connection before it had answered.\n"};
    case FailureCause::malformed:
      return {502, "The backend's answer was not understood.\n"};
  }
  return {502, "\n"};
}

}  // namespace weir::proxy
