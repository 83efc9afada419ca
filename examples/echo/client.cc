// echo_client: turns HTTP into gRPC. Any path makes one call of proto.echo.EchoService/Echo with the query or form
// value `name`, over one kept connection, and answers "Response from the server: " and the message. A failed call still
// answers 200, with "(Error)" instead: who watches status codes does not see it, who counts versions does.
//
// From the environment: ECHO_HOST (localhost:50051) and PORT (8080).
#include <grpcpp/grpcpp.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "echo.grpc.pb.h"
#include "http/server.h"
#include "program.h"

namespace {

constexpr std::chrono::seconds kCallTimeout{10};
constexpr int kReconnectMs = 100;  // after a lost connection, instead of gRPC's seconds

std::shared_ptr<grpc::Channel> channel_to(const std::string& host) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 10 * kReconnectMs);
  return grpc::CreateCustomChannel(host, grpc::InsecureChannelCredentials(), arguments);
}

std::string wanted_name(const example::Request& request) {
  const std::string form = "application/x-www-form-urlencoded";
  std::string name;
  if (request.content_type.compare(0, form.size(), form) == 0) name = example::form_value(request.body, "name");
  return name.empty() ? example::form_value(request.query, "name") : name;
}

example::Response answer(proto::echo::EchoService::Stub& stub, const example::Request& request) {
  proto::echo::EchoRequest call;
  proto::echo::EchoResponse reply;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  call.set_name(wanted_name(request));
  grpc::Status status = stub.Echo(&context, call, &reply);
  if (!status.ok()) {
    std::printf("Doh! Something went rong: code = %d desc = %s\n", status.error_code(), status.error_message().c_str());
    return {200, "Response from the server: (Error)"};
  }
  std::printf("Message received: %s\n", reply.message().c_str());
  return {200, "Response from the server: " + reply.message()};
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  echo::EndSignals signals;
  echo::log("Echo Client 0.1");
  const std::string host = echo::setting("ECHO_HOST", "localhost:50051"), port = echo::setting("PORT", "8080");
  echo::log("Echo Client connecting to " + host);
  auto stub = proto::echo::EchoService::NewStub(channel_to(host));

  example::HttpServer server([&](const example::Request& request) { return answer(*stub, request); });
  if (!server.listen(std::atoi(port.c_str()))) {
    echo::log("Cannot listen on port " + port + ": " + std::strerror(errno));
    return 1;
  }
  echo::log("Listening to port: " + port);
  std::thread ending([&] {
    signals.wait();
    echo::log("Stopping");
    server.stop();
  });
  server.serve();
  ending.join();
  return 0;
}
