// Tags of recorded resources: EC2's [{key, value}] and IAM's [{Key, Value}].
#include <fmt/format.h>

#include <algorithm>

#include "api/recorded/limits.h"
#include "api/recorded/selection.h"
#include "api/recorded/verbs.h"

namespace weir::api::recorded {
namespace {

struct Words {
  const char* key;
  const char* value;
  const char* bad;   // code
  const char* many;  // code
};

Words words_of(const Call& call) {
  if (call.service.style == Style::iam) return {"Key", "Value", "InvalidInput", "LimitExceeded"};
  return {"key", "value", "InvalidParameterValue", "TagLimitExceeded"};
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

void drop_tag(const Call& call, Json::Array& tags, std::string_view key) {
  const char* name = words_of(call).key;
  std::erase_if(tags, [&](const Json& one) { return one[name].as_string() == key; });
}

Result<> merge_tags(const Call& call, Json::Array& tags, const Json& given) {
  const Words words = words_of(call);
  for (const auto& one : given.items()) {
    const std::string& key = one["Key"].as_string();
    const std::string& value = one["Value"].as_string();
    if (key.empty() || characters(key) > kMaxTagKey || characters(value) > kMaxTagValue) {
      return refusal(words.bad, fmt::format("Tag key '{}' has to have 1 to {} characters, and its value {} at most",
                                            key, kMaxTagKey, kMaxTagValue));
    }
    if (key.starts_with("aws:")) {
      return refusal(words.bad, fmt::format("Tag keys starting with 'aws:' are reserved for internal use: '{}'", key));
    }
    drop_tag(call, tags, key);
    Json tag = Json::object();
    tag.set(words.key, key).set(words.value, value);
    tags.push_back(std::move(tag));
  }
  if (tags.size() > kMaxTags) return refusal(words.many, fmt::format("A resource can have at most {} tags", kMaxTags));
  return {};
}

Result<Json> tag(Call& call) {
  Json document = TRY(kept_one(call, call.kind(), name_on(call)));
  auto tags = list_of(document, "Tags");
  TRY(merge_tags(call, tags, call.input["Tags"]));
  document.set("Tags", std::move(tags));
  call.shelf.put(call.kind().name, name_on(call), std::move(document));
  return Json();
}

Result<Json> untag(Call& call) {
  Json document = TRY(kept_one(call, call.kind(), name_on(call)));
  auto tags = list_of(document, "Tags");
  for (const auto& key : call.input["TagKeys"].items()) drop_tag(call, tags, key.as_string());
  document.set("Tags", std::move(tags));
  call.shelf.put(call.kind().name, name_on(call), std::move(document));
  return Json();
}

Result<Json> list_tags(Call& call) {
  const Json document = TRY(kept_one(call, call.kind(), name_on(call)));
  return paged(call, "Tags", list_of(document, "Tags"), [](const Json& one) { return one["Key"].as_string(); });
}

}  // namespace weir::api::recorded
