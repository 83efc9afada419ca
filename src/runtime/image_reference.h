// ImageReference: an image's name and tag by the rules of OCI references. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::runtime {

struct ImageReference {
  std::string name;  // "echo/server", "registry.example:5000/echo/server"
  std::string tag;   // "latest" where none was given

  std::string text() const { return name + ":" + tag; }

  // Errors: "InvalidImageReference", a sentence that says which rule is broken.
  static Result<ImageReference> parse(std::string_view text);
};

}  // namespace weir::runtime
