// Reading of many documents where only a few matter: reading their text is far quicker than decoding them. Control
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "store/store.h"

namespace weir::api {

// The documents under `prefix` that mention `word`, a name or an ARN: nothing that JSON would write with an escape.
// They mention it somewhere: the caller looks where.
template <class D>
Result<std::vector<store::Versioned<D>>> load_mentioning(store::Store& store, std::string_view prefix,
                                                         std::string_view word) {
  check(word.find_first_of("\"\\") == std::string_view::npos, "a name or an ARN has nothing to escape");
  std::vector<store::Versioned<D>> some;
  for (const auto& raw : TRY(store.list(D::kKind, prefix))) {
    if (raw.body.find(word) != std::string::npos) some.push_back(TRY(store::decode<D>(raw)));
  }
  return some;
}

}  // namespace weir::api
