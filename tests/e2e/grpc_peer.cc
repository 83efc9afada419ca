// gRPC for tests, by the library that everybody has, on either side; told what to do by lines, so that a test needs no
// gRPC of its own. Ends when its standard input does.
//
//   grpc_peer serve NAME=ADDRESS:PORT…   Prints the ports (0: any). Answers every method of every service with NAME. A
//     call's metadata says what becomes of it: the first `x-times` tries of the call `x-call` end with the status
//     `x-fail`, or are not answered where there is none. `x-replies` messages come (1), `x-pause` milliseconds apart,
//     and with `x-silent` no end after them. grpc.health.v1 says SERVING. Lines: "health NAME NUMBER" sets a
//     ServingStatus, "tries CALL" and "calls NAME" are answered with how many there were.
//   grpc_peer call   Each line "ADDRESS METHOD MILLISECONDS NAME:VALUE…", tab-separated, is a call; answered by a line
//     "STATUS MILLISECONDS REPLIES MESSAGE", tab-separated, replies by commas.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Steady = std::chrono::steady_clock;

grpc::ByteBuffer message(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string text_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!buffer.Dump(&slices).ok()) return text;
  for (const auto& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return text;
}

// --- serve ------------------------------------------------------------------------------------------------------

// How often what was asked for; shared by the library's threads.
class Counts {
 public:
  int add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return ++counts_[what];
  }
  int of(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return counts_[what];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> counts_;
};

Counts tries, calls;

class Script {
 public:
  explicit Script(const grpc::CallbackServerContext& call) : metadata_(call.client_metadata()) {}
  bool has(const char* name) const { return metadata_.count(name) > 0; }
  std::string text(const char* name) const {
    const auto found = metadata_.find(name);
    return found == metadata_.end() ? "" : std::string(found->second.data(), found->second.size());
  }
  int number(const char* name, int otherwise) const { return has(name) ? std::stoi(text(name)) : otherwise; }

 private:
  const std::multimap<grpc::string_ref, grpc::string_ref>& metadata_;
};

// One call, until OnDone.
class Answer final : public grpc::ServerGenericBidiReactor {
 public:
  // Says `reply` as often as the script wants.
  Answer(const std::string& reply, const Script& script) : reply_(message(reply)) {
    left_ = script.number("x-replies", 1);
    pause_ = std::chrono::milliseconds(script.number("x-pause", 0));
    silent_ = script.has("x-silent");
    const std::string call = script.text("x-call");
    const int number = call.empty() ? 1 : tries.add(call);
    if (number > script.number("x-times", 0)) {
      StartWrite(&reply_);
    } else if (script.has("x-fail")) {
      finish({static_cast<grpc::StatusCode>(script.number("x-fail", 2)), "try " + std::to_string(number)});
    }
  }

 private:
  void OnWriteDone(bool ok) override {
    if (!ok) return finish(grpc::Status::CANCELLED);
    if (--left_ > 0) {
      std::this_thread::sleep_for(pause_);
      return StartWrite(&reply_);
    }
    if (!silent_) finish(grpc::Status::OK);
  }
  void OnCancel() override { finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }
  void finish(const grpc::Status& status) {
    if (!finished_.test_and_set()) Finish(status);
  }

  grpc::ByteBuffer reply_;
  int left_;
  std::chrono::milliseconds pause_;
  bool silent_;
  std::atomic_flag finished_;
};

class Backend final : public grpc::CallbackGenericService {
 public:
  explicit Backend(std::string name) : name_(std::move(name)) {}

  // Where it listens; 0: it cannot.
  int start(const std::string& place) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort(place, grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
    return server_ ? port : 0;
  }
  void stop() { server_->Shutdown(std::chrono::system_clock::now()); }
  const std::string& name() const { return name_; }

  std::atomic<char> health = 1;  // SERVING

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* call) override {
    const Script script(*call);
    if (call->method() == "/grpc.health.v1.Health/Check") return new Answer(std::string{8, health}, script);
    calls.add(name_);
    return new Answer(name_, script);
  }

  const std::string name_;
  std::unique_ptr<grpc::Server> server_;
};

int serve(const std::vector<std::string>& places) {
  std::map<std::string, std::unique_ptr<Backend>> backends;
  for (const auto& each : places) {
    const auto equals = each.find('=');
    auto backend = std::make_unique<Backend>(each.substr(0, equals));
    const int port = backend->start(each.substr(equals + 1));
    if (port == 0) return 1;
    std::cout << port << std::endl;
    backends[backend->name()] = std::move(backend);
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb, name;
    int status = 0;
    words >> verb >> name >> status;
    if (verb == "health") backends.at(name)->health = static_cast<char>(status);
    if (verb == "tries") status = tries.of(name);
    if (verb == "calls") status = calls.of(name);
    std::cout << status << std::endl;
  }
  for (const auto& [name, backend] : backends) backend->stop();
  return 0;
}

// --- call -------------------------------------------------------------------------------------------------------

std::shared_ptr<grpc::Channel> channel_to(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

class Call {
 public:
  Call(std::shared_ptr<grpc::Channel> channel, const std::string& method, int milliseconds,
       const std::vector<std::string>& metadata)
      : stub_(std::move(channel)) {
    for (const auto& each : metadata) {
      const auto colon = each.find(':');
      context_.AddMetadata(each.substr(0, colon), each.substr(colon + 1));
    }
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(milliseconds));
    call_ = stub_.PrepareCall(&context_, method, &queue_);
  }

  grpc::Status run(std::string& replies) {
    call_->StartCall(this);
    if (happened()) {
      call_->WriteLast(message(""), {}, this);
      (void)happened();
      for (grpc::ByteBuffer reply; call_->Read(&reply, this), happened();) {
        replies += (replies.empty() ? "" : ",") + text_of(reply);
      }
    }
    grpc::Status status;
    call_->Finish(&status, this);
    (void)happened();
    return status;
  }

 private:
  // The one thing that is waited for; false: it failed.
  bool happened() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

int call_as_told() {
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels;
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> words;
    std::istringstream in(line);
    for (std::string word; std::getline(in, word, '\t');) words.push_back(word);
    auto& channel = channels[words.at(0)];
    if (!channel) channel = channel_to(words.at(0));
    const auto begun = Steady::now();
    std::string replies;
    const auto status =
        Call(channel, words.at(1), std::stoi(words.at(2)), {words.begin() + 3, words.end()}).run(replies);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begun).count();
    std::cout << status.error_code() << '\t' << took << '\t' << replies << '\t' << status.error_message() << std::endl;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> rest(words + std::min(count, 2), words + count);
  const std::string verb = count > 1 ? words[1] : "";
  if (verb == "serve" && !rest.empty()) return serve(rest);
  if (verb == "call") return call_as_told();
  std::cerr << "usage: grpc_peer serve NAME=ADDRESS:PORT… | grpc_peer call\n";
  return 2;
}
