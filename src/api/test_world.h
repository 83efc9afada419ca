// TestWorld: a façade without a wire, for the unit tests of actions: one account and region over a MemoryStore.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/acm/actions.h"
#include "api/action.h"
#include "api/ecs/actions.h"
#include "api/elbv2/actions.h"
#include "api/logs/actions.h"
#include "base/clock.h"
#include "base/random.h"
#include "observe/log_keep.h"
#include "store/memory_store.h"
#include "store/store.h"

namespace weir::api {

// What the ARNs of ecs begin with in it.
inline constexpr const char* kArn = "arn:aws:ecs:eu-central-1:000000000000:";

// A host some of whose ports are taken.
class FakeHost final : public Host {
 public:
  Result<> can_listen(std::uint16_t port) override {
    if (port == taken) return fail("Io", "it is in use by another program", ErrorSource::internal);
    return {};
  }
  Result<> make_access_log_folder(const std::string& folder) override {
    folders.push_back(folder);
    if (full) return fail("Io", "no space is left", ErrorSource::internal);
    return {};
  }
  Result<std::string> read_object(const std::string& bucket, const std::string& key, std::size_t) override {
    const auto found = objects.find(bucket + "/" + key);
    if (found == objects.end()) return fail("NotFound", key + " is not there");
    return found->second;
  }
  std::uint16_t taken = 0;
  std::map<std::string, std::string> objects;  // by "BUCKET/KEY"
  std::vector<std::string> folders;
  bool full = false;
};

class FakeCertificateKeep final : public CertificateKeep {
 public:
  Result<> keep(const std::string& file, const std::string& chain, const std::string& key) override {
    files[file] = {chain, key};
    return {};
  }
  void forget(const std::string& id) override {
    std::erase_if(files, [&](const auto& one) { return one.first.starts_with(id + "/"); });
  }
  std::map<std::string, std::pair<std::string, std::string>> files;  // certificate and key by name
};

class TestWorld : public ::testing::Test {
 protected:
  TestWorld() {
    ecs::add_actions(table);
    elbv2::add_actions(table, host, certificate_keep);
    logs::add_actions(table, log_keep);
    acm::add_actions(table, certificate_keep);
  }

  Context context(std::string account = "000000000000", std::string region = "eu-central-1") {
    return {std::move(account), std::move(region), clock.wall(), random, store, "", ""};
  }

  // A request from its JSON, as the wire would give it; the reply as JSON.
  Result<Json> call(const char* service, const char* operation, std::string_view request) {
    const Action* action = table.find(service, operation);
    if (!action) return fail("NoAction", operation);
    auto input = action->make_input();
    TRY(from_json(action->input(), MUST(Json::parse(request)), input.get(), Unknown::refuse));
    Context now = context();
    const auto output = TRY(action->invoke(now, input.get()));
    return to_json(action->output(), output.get());
  }
  Json ecs(const char* operation, std::string_view request) { return expect_reply("ecs", operation, request); }
  Json elb(const char* operation, std::string_view request) { return expect_reply("elbv2", operation, request); }

  Json expect_reply(const char* service, const char* operation, std::string_view request) {
    auto reply = call(service, operation, request);
    if (!reply) {
      ADD_FAILURE() << operation << " " << request << ": " << reply.error().code << ": " << reply.error().message;
      return {};
    }
    return std::move(*reply);
  }

  struct Bad {
    const char* request;
    const char* code;
    const char* message;  // a part of it
  };
  // That the call fails so, and that nothing was written.
  void expect_refused(const char* service, const char* operation, const Bad& bad) {
    const auto before = store.revision();
    const auto reply = call(service, operation, bad.request);
    ASSERT_FALSE(reply) << operation << " " << bad.request;
    EXPECT_EQ(reply.error().code, bad.code) << operation << " " << bad.request << ": " << reply.error().message;
    EXPECT_NE(reply.error().message.find(bad.message), std::string::npos)
        << operation << " " << bad.request << ": " << reply.error().message;
    EXPECT_EQ(reply.error().source, ErrorSource::client) << operation << " " << bad.request;
    EXPECT_EQ(store.revision(), before) << operation << " " << bad.request << " left something half-written";
  }

  // Puts a document into the store as another room would.
  template <class D>
  void put(const D& document) {
    const store::Write write = store::put(document, store::Expect::kAny);
    MUST(store.commit({&write, 1}));
  }
  template <class D>
  D get(const std::string& key) {
    auto found = MUST(store::load<D>(store, key));
    if (!found) {
      ADD_FAILURE() << "no document " << key;
      return {};
    }
    return std::move(found->document);
  }

  store::MemoryStore store;
  Random random{1};
  ManualClock clock;
  FakeHost host;
  observe::LogKeep log_keep{""};
  FakeCertificateKeep certificate_keep;
  ActionTable table;
};

}  // namespace weir::api
