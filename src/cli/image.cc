// `weir image import NAME:TAG DIR` and `weir image list`.
#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/image_tar.h"
#include "sign/form.h"

namespace weir::cli {

namespace {

constexpr Flag kFlags[] = {
    {"--entrypoint", "", Takes::value}, {"--cmd", "", Takes::value}, {"--rootfs", "", Takes::nothing}, kEndpointFlag};

// "&entrypoint=%5B…" for a flag that holds a JSON list of words, "" where it is not given. Errors: "Usage".
Result<std::string> word_list(const Arguments& arguments, const char* flag) {
  const auto given = arguments.value(flag);
  if (!given) return std::string();
  const auto list = Json::parse(*given);
  bool words = list && list->is_array();
  if (words)
    for (const Json& word : list->items()) words = words && word.is_string();
  if (!words)
    return fail("Usage", fmt::format("`{}` wants a JSON list of words, as '[\"/bin/server\"]'", flag),
                ErrorSource::client);
  return fmt::format("&{}={}", flag + 2, sign::percent_encode(list->dump()));
}

int import_folder(const Arguments& arguments, Client& client) {
  if (arguments.words().size() != 3) return complain("usage: weir image import NAME:TAG DIR", kUsage);
  const std::string& name = arguments.words()[1];
  const auto entry_point = word_list(arguments, "--entrypoint");
  if (!entry_point) return complain(entry_point.error().message, kUsage);
  const auto command = word_list(arguments, "--cmd");
  if (!command) return complain(command.error().message, kUsage);

  const auto tar = pack_folder(arguments.words()[2]);
  if (!tar) return complain(tar.error().message);
  std::string target = fmt::format("/_weir/images/{}", sign::percent_encode(name));
  const std::string files = arguments.has("--rootfs") ? "&files=own" : "";
  if (const std::string query = *entry_point + *command + files; !query.empty()) target += "?" + query.substr(1);
  const auto reply = client.put_file(target, tar->file.get(), tar->size);
  if (!reply) return complain(reply.error().message);
  const auto said = Json::parse(reply->body);
  const std::string digest = said ? (*said)["digest"].as_string() : "";
  fmt::print("{}{}{}\n", name, digest.empty() ? "" : " ", digest);
  return kOk;
}

// {"images":[{"name","digest","size"}]}: a line each; anything else as it came.
int list_images(Client& client) {
  const auto reply = client.get("/_weir/images");
  if (!reply) return complain(reply.error().message);
  const auto said = Json::parse(reply->body);
  if (!said || !(*said)["images"].is_array()) return complain("the answer is no list of images");
  for (const Json& image : (*said)["images"].items()) {
    fmt::print("{:<40} {:<72}", image["name"].as_string(), image["digest"].as_string());
    if (image["size"].is_number()) fmt::print(" {:>12}", image["size"].as_int());
    fmt::print("\n");
  }
  return kOk;
}

}  // namespace

int image(std::span<const std::string> words) {
  const auto arguments = Arguments::parse(words, kFlags, 1, 3);
  if (!arguments) return complain(arguments.error().message, kUsage);
  const auto endpoint = endpoint_of(*arguments);
  if (!endpoint) return complain(endpoint.error().message, kUsage);
  Client client(*endpoint);
  const std::string& verb = arguments->words().front();
  if (verb == "import") return import_folder(*arguments, client);
  if (verb == "list" && arguments->words().size() == 1) return list_images(client);
  return complain("`weir image` knows import and list", kUsage);
}

}  // namespace weir::cli
