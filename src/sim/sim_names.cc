#include "sim/sim_names.h"

#include <utility>

namespace weir::sim {

SimNames::SimNames(Agenda& agenda, Random& random, Trace& trace, Mutation mutation)
    : agenda_(agenda), random_(random), trace_(trace), mutation_(mutation), changes_(agenda, random, delay_) {
  start();
}

void SimNames::start() {
  table_ = std::make_unique<dns::NameTable>();
  if (mutation_ == Mutation::forgetful_names) return;
  for (const auto& [id, text] : files_) read(id);
}

void SimNames::kill() {
  if (!alive()) return;
  if (trace_.on()) trace_.line("fault    the name server is killed");
  table_.reset();
  changes_.cut();
  agenda_.after(milliseconds(random_.between(20, 800)), [this] {
    if (trace_.on()) trace_.line("names    start again");
    start();
  });
}

Result<> SimNames::write(const std::string& id, const dns::Zone& zone) {
  if (full) return fail("Full", "the disk is full", ErrorSource::store);
  if (mutation_ == Mutation::lost_zones && files_.contains(id)) return {};
  std::string text = dns::to_json(zone).dump();
  std::string& file = files_[id];
  if (file == text) return {};
  file = std::move(text);
  tell(id);
  return {};
}

Result<> SimNames::remove(const std::string& id) {
  if (files_.erase(id) > 0) tell(id);
  return {};
}

Result<> SimNames::keep_only(const std::set<std::string>& ids) {
  std::set<std::string> gone;
  for (const auto& [id, text] : files_)
    if (!ids.contains(id)) gone.insert(id);
  for (const auto& id : gone) TRY(remove(id));
  return {};
}

void SimNames::tell(const std::string& id) {
  if (!alive()) return;
  changes_.send([this, id] { read(id); });
}

// As it is by then.
void SimNames::read(const std::string& id) {
  const auto file = files_.find(id);
  if (file == files_.end()) return table_->remove(id);
  table_->put(id, MUST(dns::zone_from_json(MUST(Json::parse(file->second)))));
}

std::optional<dns::Reply> SimNames::ask(const std::string& name, dns::Type type) {
  if (!alive()) return std::nullopt;
  return table_->answer({.name = name, .type = type}, dns::Asker::host, random_);
}

}  // namespace weir::sim
