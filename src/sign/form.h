// Percent-encoding and the name=value pairs of a query string or an application/x-www-form-urlencoded body.
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weir::sign {

using FormField = std::pair<std::string, std::string>;
using Form = std::vector<FormField>;

// Everything but A-Z a-z 0-9 - . _ ~ as %XX, upper case, as SigV4 asks. `keep` names one more character to leave.
std::string percent_encode(std::string_view text, char keep = '\0');
// Errors: "Form" for a % that two hexadecimal digits do not follow. `plus_is_space`: as forms have it.
enum class Plus { is_space, is_plus };
Result<std::string> percent_decode(std::string_view text, Plus plus);

// In the order of the text; a name without "=" has an empty value. Errors: "Form" (bad escape, not UTF-8, more
// than kMaxFormFields fields).
Result<Form> parse_form(std::string_view text, Plus plus = Plus::is_space);
// The first value of `name`, or null.
const std::string* find_field(const Form& form, std::string_view name);

}  // namespace weir::sign
