#include "model/time_line.h"

#include "base/describe.h"

namespace weir::model {

const Shape& describe(const TimeLine*) {
  static const Shape kShape =
      structure<TimeLine>("TimeLine", {member<&TimeLine::boot>("boot"), member<&TimeLine::origin>("origin"),
                                       member<&TimeLine::moment>("moment"), member<&TimeLine::date>("date")});
  return kShape;
}

}  // namespace weir::model
