// Verbs: what the operations of recorded services do, each for every kind. A row of an operation's table says `kind`,
// `on` (the parameters that name a record, joined by "/") and `more`. Control thread.
#pragma once

#include <string>

#include "api/recorded/service.h"

namespace weir::api::recorded {

// Makes one from the kind's template. more: "VpcId=vpc …": parameters that name records which have to exist; the
// template reaches their members as "${VpcId>ownerId}". `then` sees the document before it is put.
Result<Json> create(Call& call);
// As create(), but there may be one already, whose place it takes; the reply has no members.
Result<Json> put(Call& call);
// All, or those that the list parameter `on` names, through Filter, in pages.
Result<Json> describe(Call& call);
// The one that `on` names.
Result<Json> get(Call& call);
// All, of those whose Path begins with PathPrefix, in pages.
Result<Json> list(Call& call);
// Those that belong to the record that `on` names, in pages. more: "role=" its kind, "role=PolicyName" with the member
// to show instead of the documents.
Result<Json> list_below(Call& call);
// Deletes the one that `on` names, unless another refers to it. `then` sees the document first, and may refuse or
// delete what goes with it.
Result<Json> remove(Call& call);
// Sets each other given parameter as the member of its name, in its Value where it has one. more: "PARAMETER=path …"
// where the member has another name. `then` sees the document afterwards.
Result<Json> modify(Call& call);
// As modify(), with a reply that is there and has no members.
Result<Json> modify_and_answer(Call& call);
// As modify(), and shows the record.
Result<Json> modify_and_show(Call& call);
// IAM's tags of the record that `on` names.
Result<Json> tag(Call& call);
Result<Json> untag(Call& call);
Result<Json> list_tags(Call& call);
// Does what `then` does with the record that `on` names, keeps the outcome and answers "true"; in IAM's style nothing.
Result<Json> change(Call& call);

// --- for operations with verbs of their own ---------------------------------------------------------------------

// The name of the record that `on` names.
std::string name_on(const Call& call);
// The kind of the service's table.
const Kind& kind_of(const Call& call, std::string_view name);
// prefix and 17 digits drawn by lot.
std::string fresh_id(Call& call, std::string_view prefix);
// A document of the kind from its template, put on the shelf. `input` takes the place of the call's parameters; its
// "_id" is the id instead of one by lot. `references` as in create().
struct Making {
  const Json& input;
  const char* references = "";
  Hook then = nullptr;
};
Result<Json> make(Call& call, const Kind& kind, const Making& making);
// Sets a text at a dotted path, making objects on the way.
void set_path(Json& document, std::string_view path, Json value);
// The list that `member` holds, to be changed and set again.
Json::Array list_of(const Json& document, std::string_view member);
Json answer_true(const Call& call);

// Sets `given` among `tags`, whose members are called `key` and `value`; Errors: as AWS has them, in the service's
// words.
Result<> merge_tags(const Call& call, Json::Array& tags, const Json& given);
void drop_tag(const Call& call, Json::Array& tags, std::string_view key);

}  // namespace weir::api::recorded
