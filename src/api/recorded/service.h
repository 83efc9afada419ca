// Recorded services: EC2 and IAM as far as clients of ECS and ELB ask for them. Nothing of them acts on this machine,
// but what is kept is consistent: ids refer to what exists, what is in use is not deleted, filters filter. A service is
// three tables, its kinds, its references and its operations, and one engine reads them (verbs.h). Tables are constant;
// calls run on the control thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/action.h"
#include "api/recorded/parameters.h"
#include "api/recorded/shelf.h"
#include "base/json.h"
#include "base/result.h"
#include "model/service_model.h"

namespace weir::api::recorded {

struct Call;
using Verb = Result<Json> (*)(Call& call);
// Does what is particular to an operation or a kind with a document.
using Hook = Result<> (*)(Call& call, Json& document);

// What is kept. Documents hold texts, lists and objects only; a null member counts as absent.
struct Kind {
  const char* name;        // "subnet"; also the resource type of its tags
  const char* id;          // the member by which it is known: "subnetId"
  const char* prefix;      // of the ids that are drawn: "subnet-"
  const char* list;        // the member that lists it: "subnetSet"
  const char* item;        // the member that shows a single one: "subnet"; "": the reply is the document itself
  const char* not_found;   // code
  const char* malformed;   // code for an id without the prefix; "": not_found
  const char* missing;     // message, with {} for the id
  const char* filters;     // "vpc-id=vpcId attachment.state=attachmentSet.state"
  const char* document;    // what Create makes, in JSON; see template.h
  Hook present = nullptr;  // adds what is computed, before it is shown or filtered
  // Those that are not on the shelf but follow from other things.
  Result<std::vector<Json>> (*derive)(Call& call) = nullptr;
};

// A record of `kind` whose member at `path` is the id of a record of `to` refuses that record's deletion.
struct Reference {
  const char* kind;
  const char* path;
  const char* to;
  const char* message;  // with {} for the id of `to`
};

struct Operation {
  const char* name;
  Verb verb;
  const char* kind;        // "" where the verb needs none
  const char* on;          // the parameters that name the record: "RoleName/PolicyName"
  const char* parameters;  // see parameters.h
  const char* more = "";   // further words for the verb, see verbs.h
  Hook then = nullptr;     // what the verb does besides
};

// How texts of errors and replies differ.
enum class Style { ec2, iam };

struct Service {
  model::ServiceModel model;  // without operations
  Style style = Style::ec2;
  const char* region = "";  // the one that all its records have; "": the caller's
  std::span<const Kind> kinds;
  std::span<const Reference> references;
  std::span<const Operation> operations;
  const char* in_use;                       // the code of a refused deletion
  const char* exists;                       // the code of a second one of a name
  const char* full;                         // the code of one more than kMaxRecords
  Result<> (*begin)(Call& call) = nullptr;  // before every call: what an account and region begins with

  const Kind* kind(std::string_view name) const;
  const Operation* operation(std::string_view name) const;
};

struct Call {
  Context& context;
  const Service& service;
  const Operation& operation;
  const Json& input;
  Shelf& shelf;

  const Kind& kind() const;
  // The text of a parameter, dots leading into structures; "" where it is not given.
  const std::string& text(std::string_view parameter) const;
  bool given(std::string_view parameter) const;
};

inline std::unexpected<Error> refusal(const char* code, std::string message) {
  return fail(code, std::move(message), ErrorSource::client);
}

// Does what the operation says. `input` has the form that the operation's parameters describe. Null: a reply without a
// result, which is another than one without members. Everything the call wrote is committed when it returns, or nothing.
Result<Json> perform(const Service& service, const Operation& operation, Context& context, const Json& input);

}  // namespace weir::api::recorded
