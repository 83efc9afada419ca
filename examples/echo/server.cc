// echo_server: answers proto.echo.EchoService/Echo, and each message of proto.echo.EchoStream/Talk, with "Hello,
// NAME-san! (Said IP, Version V)".
//
// From the environment: PORT (50051). Serves the health protocol (SERVING for any name until it ends: whoever runs it
// drains it first) and reflection. SIGTERM and SIGINT: finishes the calls in flight, then exits with 0.
#include <arpa/inet.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "echo.grpc.pb.h"
#include "health.grpc.pb.h"
#include "program.h"

extern const char* const kEchoVersion;

namespace {

// The first IPv4 address of this host, in the order of its interfaces, that is not loopback.
std::string own_address() {
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) != 0) return "127.0.0.1";
  std::string found = "127.0.0.1";
  for (ifaddrs* one = interfaces; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || (one->ifa_flags & IFF_LOOPBACK)) continue;
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(one->ifa_addr)->sin_addr, text, sizeof text);
    found = text;
    break;
  }
  freeifaddrs(interfaces);
  return found;
}

std::string greeting(const std::string& name) {
  static const std::string address = own_address();
  return "Hello, " + name + "-san! (Said " + address + ", Version " + kEchoVersion + ")";
}

class EchoAnswers final : public proto::echo::EchoService::Service {
  grpc::Status Echo(grpc::ServerContext*, const proto::echo::EchoRequest* request,
                    proto::echo::EchoResponse* response) override {
    echo::log("Echo was called: " + request->name());
    response->set_message(greeting(request->name()));
    return grpc::Status::OK;
  }
};

class StreamAnswers final : public proto::echo::EchoStream::Service {
  grpc::Status Talk(grpc::ServerContext*,
                    grpc::ServerReaderWriter<proto::echo::EchoResponse, proto::echo::EchoRequest>* stream) override {
    proto::echo::EchoRequest request;
    proto::echo::EchoResponse response;
    while (stream->Read(&request)) {
      response.set_message(greeting(request.name()));
      if (!stream->Write(response)) break;
    }
    return grpc::Status::OK;
  }
};

class HealthAnswers final : public grpc::health::v1::Health::Service {
  grpc::Status Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* response) override {
    echo::log("Received Check request: " + request->service());
    response->set_status(grpc::health::v1::HealthCheckResponse::SERVING);
    return grpc::Status::OK;
  }
  // Watch is left to the generated base class, which answers UNIMPLEMENTED.
};

}  // namespace

int main() {
  echo::EndSignals signals;
  echo::log(std::string("Echo Server Version ") + kEchoVersion);
  const std::string port = echo::setting("PORT", "50051");
  echo::log("Starting on port: " + port + ", ssl: false");

  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  EchoAnswers echo_service;
  StreamAnswers stream_service;
  HealthAnswers health_service;
  int bound = 0;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a port in use is an error, not a share
  builder.AddListeningPort("0.0.0.0:" + port, grpc::InsecureServerCredentials(), &bound);
  builder.RegisterService(&echo_service);
  builder.RegisterService(&stream_service);
  builder.RegisterService(&health_service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server || bound == 0) {
    echo::log("Cannot listen on port " + port);
    return 1;
  }
  signals.wait();
  echo::log("Stopping");
  server->Shutdown();  // no new call; returns when those in flight are done
  return 0;
}
