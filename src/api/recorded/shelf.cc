#include "api/recorded/shelf.h"

namespace weir::api::recorded {

using model::Record;

std::string Shelf::key(std::string_view kind, std::string_view name) const {
  return model::records_of_kind(scope_, kind) + std::string(name);
}

Result<std::optional<Json>> Shelf::find(std::string_view kind, std::string_view name) const {
  const std::string at = key(kind, name);
  if (const auto changed = changes_.find(at); changed != changes_.end()) return changed->second.document;
  const auto kept = TRY(store::peek<Record>(store_, at));
  if (!kept) return std::nullopt;
  return (*kept)->document;
}

Result<std::vector<Json>> Shelf::all(std::string_view kind, std::string_view prefix) const {
  const std::string begin = key(kind, prefix);
  std::map<std::string, Json> found;
  for (const auto& kept : TRY(store::peek_all<Record>(store_, begin))) found.emplace(kept->key(), kept->document);
  for (auto change = changes_.lower_bound(begin); change != changes_.end() && change->first.starts_with(begin);
       ++change) {
    if (change->second.document) {
      found.insert_or_assign(change->first, *change->second.document);
    } else {
      found.erase(change->first);
    }
  }
  std::vector<Json> documents;
  for (auto& [at, document] : found) documents.push_back(std::move(document));
  return documents;
}

void Shelf::put(std::string_view kind, std::string name, Json document) {
  std::string at = key(kind, name);
  changes_.insert_or_assign(std::move(at), Change{std::string(kind), std::move(name), std::move(document)});
}

void Shelf::erase(std::string_view kind, std::string name) {
  std::string at = key(kind, name);
  changes_.insert_or_assign(std::move(at), Change{std::string(kind), std::move(name), std::nullopt});
}

// Calls follow one another on the control thread, so that nobody else has written in between.
Result<> Shelf::commit() {
  std::vector<store::Write> writes;
  for (auto& [at, change] : changes_) {
    if (change.document) {
      writes.push_back(
          store::put(Record{scope_, change.kind, change.name, std::move(*change.document)}, store::Expect::kAny));
    } else {
      writes.push_back({{Record::kKind, at}, std::nullopt, store::Expect::kAny});
    }
  }
  changes_.clear();
  TRY(store_.commit(writes));
  return {};
}

}  // namespace weir::api::recorded
