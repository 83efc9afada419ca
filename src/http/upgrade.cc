#include "http/upgrade.h"

#include <algorithm>
#include <string>

#include "http/char_class.h"

namespace weir::http {
namespace {

// A name, or a name and a version.
bool is_protocol(std::string_view member) {
  const std::size_t slash = std::min(member.find('/'), member.size());
  const auto is_token = [](std::string_view text) {
    return !text.empty() && skip(text.data(), text.data() + text.size(), kTokenChar) == text.data() + text.size();
  };
  return is_token(member.substr(0, slash)) && (slash == member.size() || is_token(member.substr(slash + 1)));
}

bool is_http(std::string_view member) {
  const std::string_view name = member.substr(0, member.find('/'));
  return equals_ignoring_case(name, "h2c") || equals_ignoring_case(name, "h2") || equals_ignoring_case(name, "http");
}

// Calls `visit` with every member of every Upgrade field; an empty one counts for nothing.
template <class Visit>
void each_member(const HeaderBlock& fields, Visit visit) {
  for (const HeaderField field : fields) {
    if (field.id != HeaderId::upgrade) continue;
    std::string_view list = field.value;
    while (!list.empty()) {
      const std::string_view member = next_member(list);
      if (!member.empty()) visit(member);
    }
  }
}

}  // namespace

void keep_offer(RequestHead& head) {
  const bool whole = head.body == BodyKind::none || (head.body == BodyKind::length && head.content_length == 0);
  if (!head.upgrade || !whole || head.method == Method::connect) return;
  std::string offer;
  each_member(head.fields, [&](std::string_view member) {
    if (!is_protocol(member) || is_http(member)) return;
    if (!offer.empty()) offer += ", ";
    offer += member;
  });
  if (!offer.empty()) head.offer_text = head.fields.keep(offer);
}

bool accepts_offer(const RequestHead& request, const ResponseHead& head) {
  if (head.status != 101 || request.offer().empty()) return false;
  bool any = false, offered = true;
  each_member(head.fields, [&](std::string_view member) {
    any = true;
    offered &= is_protocol(member) && list_contains(request.offer(), member);
  });
  return any && offered;
}

}  // namespace weir::http
