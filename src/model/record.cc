#include "model/record.h"

#include <fmt/format.h>

#include "base/describe.h"

namespace weir::model {

const Shape& describe(const Record*) {
  static const Shape kShape =
      structure<Record>("Record", {member<&Record::scope>("scope"), member<&Record::kind>("kind"),
                                   member<&Record::name>("name"), member<&Record::document>("document")});
  return kShape;
}

std::string records_of_kind(const Scope& scope, std::string_view kind) {
  return fmt::format("{}{}/", scope.prefix(), kind);
}

std::string Record::key() const { return records_of_kind(scope, kind) + name; }

}  // namespace weir::model
