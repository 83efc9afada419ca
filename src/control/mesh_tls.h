// What App Mesh's TLS between virtual nodes comes to where one proxy is both ends of every connection (decision 0023):
// which callers can agree with which node, by its listener's tls and their client policies. Those that cannot are led,
// by rules of their own, to a pool that says why. Pure but for the TlsJudge; any thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "control/mesh_documents.h"
#include "route/route_table.h"

namespace weir::control {

// The tasks of each virtual node: "ACCOUNT/REGION/mesh/M/virtualNode/N" to their addresses; and of each virtual gateway
// whose policy speaks of TLS, "ACCOUNT/REGION/mesh/M/virtualGateway/G", the one that stands for what comes by it.
using MeshCallers = std::map<std::string, std::vector<std::string>>;
// As in MeshCallers.
std::string caller_name(const model::VirtualNode& node);
std::string caller_name(const model::VirtualGateway& gateway);

// One end of a handshake, by paths on this machine.
struct TlsFiles {
  std::string chain, key;          // empty: no certificate is shown
  std::string trust;               // empty: the other end is not verified
  std::vector<std::string> names;  // for one of which the other end's certificate has to be; empty: for any
  bool optional = false;           // the called end verifies what is shown, and wants nothing to be shown
  auto operator<=>(const TlsFiles&) const = default;
};

struct TlsMeeting {
  TlsFiles caller, called;
  auto operator<=>(const TlsMeeting&) const = default;
};

class TlsJudge {
 public:
  virtual ~TlsJudge() = default;
  // A clause that says why the two do not agree; empty: they do.
  virtual std::string refusal(const TlsMeeting& meeting) = 0;
};

// Where a folder of a container is on this machine: the one to the other, the longer ones first.
using FilePlaces = std::vector<std::pair<std::string, std::string>>;
// `path` of a container as a path of this machine: itself where no folder of `places` holds it.
std::string place_of(const FilePlaces& places, const std::string& path);

struct MeshTls {
  std::map<std::string, FilePlaces> places;         // of the newest task of each node, by caller_name()
  std::map<std::string, std::string> certificates;  // of Certificate Manager: ARN to the path of its files, without
                                                    // ".crt" and ".key"
  TlsJudge* judge = nullptr;                        // outlives the compiling; null: everybody agrees
};

class MeshTlsRules {
 public:
  // All outlive it.
  MeshTlsRules(const MeshDocuments& documents, const MeshCallers& callers, const MeshTls& tls);

  // `listener` is one of the virtual service's. Nothing happens where no node says anything of TLS.
  void apply(const model::VirtualService& service, route::Listener& listener);
  // Where callers that cannot agree are led.
  std::vector<route::Pool> take_pools() { return std::exchange(pools_, {}); }

 private:
  // Of each pool of a Forward: why the caller gets nothing there; empty: it does.
  using Refusals = std::vector<std::string>;
  // Whose proxy knows of the node.
  struct Caller {
    std::string name;   // as in MeshCallers; empty: a gateway without a policy
    std::string title;  // in ids
    const model::appmesh::ClientPolicyTls* policy = nullptr;
  };
  struct Called {
    const model::VirtualNode* node = nullptr;
    const model::appmesh::Listener* listener = nullptr;
  };
  struct Group {
    std::string name;
    std::vector<std::string> sources;
  };

  std::vector<Caller> callers_of(const model::VirtualService& service) const;
  Refusals refusals(const Caller* caller, const route::Forward& to) const;
  std::string refusal(const Caller* caller, const Called& called) const;
  TlsFiles caller_end(const Caller& caller, bool enforced, const Called& called) const;
  TlsFiles called_end(const Called& called) const;
  const FilePlaces& places_of(const std::string& name) const;
  void lead_away(route::Rule& rule, const Refusals& refusals, const route::Listener& listener, const std::string& whom);

  const MeshDocuments& documents_;
  const MeshCallers& callers_;
  const MeshTls& tls_;
  std::map<std::string, Called> called_;  // by pool
  struct Gateway {
    const model::VirtualGateway* gateway = nullptr;
    model::appmesh::ClientPolicyTls policy;
  };
  std::map<std::string, Gateway> gateways_;  // those with a policy, as in MeshCallers
  bool in_use_ = false;
  std::vector<route::Pool> pools_;
};

}  // namespace weir::control
