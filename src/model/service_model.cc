#include "model/service_model.h"

#include <algorithm>

namespace weir::model {

const Operation* ServiceModel::operation(std::string_view operation_name) const {
  const auto found = std::ranges::find(operations, operation_name, &Operation::name);
  return found == operations.end() ? nullptr : &*found;
}

bool ServiceModel::knows(std::string_view operation_name) const {
  return std::ranges::binary_search(known, operation_name, {}, [](const char* one) { return std::string_view(one); });
}

bool ServiceModel::speaks(Protocol which) const {
  return protocol == which || std::ranges::find(also, which) != also.end();
}

const ModelledError* ServiceModel::error(std::string_view code) const {
  const auto by_code = [](const ModelledError& one) { return std::string_view(one.code); };
  const auto found = std::ranges::lower_bound(errors, code, {}, by_code);
  return found != errors.end() && found->code == code ? &*found : nullptr;
}

std::uint16_t ServiceModel::status_of(std::string_view code) const {
  const ModelledError* found = error(code);
  return found ? found->status : 0;
}

}  // namespace weir::model
