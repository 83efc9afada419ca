#include "api/recorded/parameters.h"

#include <cctype>

#include "base/check.h"

namespace weir::api::recorded {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Parameter> read_until(char end) {
    std::vector<Parameter> all;
    while (true) {
      while (at_ < text_.size() && text_[at_] == ' ') ++at_;
      if (at_ == text_.size() || text_[at_] == end) break;
      all.push_back(read_one());
    }
    check((at_ == text_.size()) == (end == '\0'), "a list of parameters closes what it opens");
    ++at_;
    return all;
  }

 private:
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[at_]))) ++at_;
    check(at_ > begin, "a parameter has a name");
    return std::string(text_.substr(begin, at_ - begin));
  }

  Parameter read_one() {
    Parameter one{.name = word()};
    if (take(':')) {
      const std::string form = word();
      check(form == "bool" || form == "int", "a parameter is a text, a bool or an int");
      one.form = form == "bool" ? Parameter::Form::boolean : Parameter::Form::integer;
    } else if (take('{')) {
      one.form = Parameter::Form::structure;
      one.members = read_until('}');
    } else if (take('[')) {
      one.list = true;
      one.members = read_until(']');
      if (!one.members.empty()) one.form = Parameter::Form::structure;
    }
    one.required = take('!');
    return one;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Parameter> parse_parameters(std::string_view text) { return Reader(text).read_until('\0'); }

}  // namespace weir::api::recorded
