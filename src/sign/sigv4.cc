#include "sign/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <vector>

#include "base/ascii.h"
#include "sign/digest.h"
#include "sign/form.h"
#include "sign/limits.h"

namespace weir::sign {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// --- the canonical request --------------------------------------------------------------------------------------

// A key of S3, encoded once however it came.
std::string canonical_key(std::string_view path) {
  const auto key = percent_decode(path, Plus::is_plus);
  return key ? percent_encode(*key, '/') : std::string(path);
}

// RFC 3986 5.2.4 and no empty segments; then each segment encoded once more than it came.
std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> kept;
  bool folder = true;
  for (const std::string_view part : split(path, '/')) {
    folder = part.empty() || part == "." || part == "..";
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!folder) {
      kept.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : kept) out += "/" + percent_encode(part);
  if (out.empty() || folder) out += '/';
  return out;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> fields;
  const auto form = parse_form(query, Plus::is_plus);
  if (!form) return std::string(query);
  for (const auto& [name, value] : *form) {
    if (name != "X-Amz-Signature") fields.emplace_back(percent_encode(name), percent_encode(value));
  }
  std::ranges::sort(fields);
  std::string out;
  for (const auto& [name, value] : fields) out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

// Trimmed, runs of blanks as one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && !out.empty() && out.back() == ' ') continue;
    out += blank ? ' ' : c;
  }
  return out;
}

std::string canonical_field(const http::RequestHead& head, std::string_view name) {
  std::string line(name);
  line += ':';
  bool first = true;
  for (const auto field : head.fields) {
    if (!http::equals_ignoring_case(field.name, name)) continue;
    if (!first) line += ',';
    line += canonical_value(field.value);
    first = false;
  }
  if (first && name == "host") line += head.authority();
  return line + "\n";
}

std::string string_to_sign(std::string_view canonical, const Caller& caller, std::string_view date_time) {
  return fmt::format("{}\n{}\n{}/{}/{}/aws4_request\n{}", kAlgorithm, date_time, caller.date, caller.region,
                     caller.service, hex(sha256(canonical)));
}

// --- reading what the request says of its signature -------------------------------------------------------------

struct Claim {
  Caller caller;
  std::string signed_headers;
  std::string signature;
  std::string date_time;                // YYYYMMDDTHHMMSSZ
  std::optional<std::int64_t> expires;  // seconds: presigned
};

std::unexpected<Error> incomplete(std::string message) {
  return fail("IncompleteSignature", std::move(message), ErrorSource::client);
}

Result<Caller> read_credential(std::string_view text) {
  const auto parts = split(text, '/');
  if (parts.size() < 5 || parts.back() != "aws4_request") {
    return incomplete(fmt::format("Credential must have at least 5 slash-delimited elements, got '{}'", text));
  }
  const std::size_t last = parts.size();
  // An access key may have slashes of its own.
  const std::string_view key = text.substr(0, static_cast<std::size_t>(parts[last - 4].data() - text.data()) - 1);
  Caller caller{std::string(key), std::string(parts[last - 4]), std::string(parts[last - 3]),
                std::string(parts[last - 2])};
  const bool digits = std::ranges::all_of(caller.date, [](char c) { return c >= '0' && c <= '9'; });
  if (caller.date.size() != 8 || !digits) return incomplete("Date in Credential scope must be YYYYMMDD");
  if (caller.access_key.empty()) return incomplete("Credential has no access key");
  if (caller.region.empty() || caller.service.empty()) return incomplete("Credential has no region or no service");
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  if (!std::ranges::all_of(caller.region, plain)) return incomplete("Credential names no region");
  return caller;
}

Result<Claim> read_authorization(const http::RequestHead& head, std::string_view value) {
  if (!value.starts_with(kAlgorithm) || value.size() == kAlgorithm.size() || value[kAlgorithm.size()] != ' ') {
    return incomplete(fmt::format("Authorization header must start with {}", kAlgorithm));
  }
  Claim claim;
  std::string_view credential;
  for (const std::string_view piece : split(value.substr(kAlgorithm.size()), ',')) {
    const std::string_view part = trim(piece);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return incomplete(fmt::format("'{}' is not a valid key=value pair", part));
    const std::string_view name = part.substr(0, equals), held = part.substr(equals + 1);
    if (name == "Credential") credential = held;
    if (name == "SignedHeaders") claim.signed_headers = held;
    if (name == "Signature") claim.signature = held;
  }
  if (credential.empty()) return incomplete("Authorization header requires 'Credential' parameter.");
  if (claim.signature.empty()) return incomplete("Authorization header requires 'Signature' parameter.");
  if (claim.signed_headers.empty()) return incomplete("Authorization header requires 'SignedHeaders' parameter.");
  claim.caller = TRY(read_credential(credential));
  claim.date_time = head.fields.find("x-amz-date").value_or("");
  if (claim.date_time.empty()) {
    return incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  return claim;
}

Result<Claim> read_presigned(const Form& query) {
  const auto field = [&](std::string_view name) {
    const std::string* held = find_field(query, name);
    return held ? std::string_view(*held) : std::string_view{};
  };
  if (field("X-Amz-Algorithm") != kAlgorithm) {
    return incomplete(fmt::format("X-Amz-Algorithm must be {}", kAlgorithm));
  }
  for (const std::string_view name : {"X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"}) {
    if (field(name).empty()) return incomplete(fmt::format("AWS query-string parameters must include '{}'.", name));
  }
  Claim claim{.caller = TRY(read_credential(field("X-Amz-Credential"))),
              .signed_headers = std::string(field("X-Amz-SignedHeaders")),
              .signature = std::string(field("X-Amz-Signature")),
              .date_time = std::string(field("X-Amz-Date"))};
  const std::string_view expires = field("X-Amz-Expires");
  std::int64_t seconds = 0;
  for (const char c : expires) {
    if (c < '0' || c > '9' || seconds > 10'000'000) return incomplete("X-Amz-Expires must be a number of seconds");
    seconds = seconds * 10 + (c - '0');
  }
  if (expires.empty()) seconds = std::chrono::seconds(kMaxClockSkew).count();
  if (seconds > std::chrono::seconds(kMaxPresigned).count()) {
    return incomplete("X-Amz-Expires must be less than a week (in seconds)");
  }
  claim.expires = seconds;
  return claim;
}

Result<Claim> read_claim(const http::RequestHead& head) {
  if (const auto value = head.fields.find(http::HeaderId::authorization)) return read_authorization(head, *value);
  const auto query = parse_form(head.query());
  if (query && find_field(*query, "X-Amz-Algorithm")) return read_presigned(*query);
  return fail("MissingAuthenticationToken", "Missing Authentication Token", ErrorSource::client);
}

std::optional<Timestamp> read_date_time(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) {
      if (c < '0' || c > '9') return -10'000;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  std::tm parts{};
  parts.tm_year = number(0, 4) - 1900;
  parts.tm_mon = number(4, 2) - 1;
  parts.tm_mday = number(6, 2);
  parts.tm_hour = number(9, 2);
  parts.tm_min = number(11, 2);
  parts.tm_sec = number(13, 2);
  if (parts.tm_year < 70 - 1 || parts.tm_mon < 0 || parts.tm_mday < 0 || parts.tm_hour < 0 || parts.tm_min < 0 ||
      parts.tm_sec < 0) {
    return std::nullopt;
  }
  return Timestamp{static_cast<std::int64_t>(timegm(&parts)) * 1000};
}

// --- judging it -------------------------------------------------------------------------------------------------

Result<> check_time(const Claim& claim, Timestamp now) {
  const auto at = read_date_time(claim.date_time);
  if (!at) return incomplete("Date must be in ISO-8601 'basic format'. Got '" + claim.date_time + "'.");
  if (claim.date_time.substr(0, 8) != claim.caller.date) {
    return fail("SignatureMismatch",
                fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                            "'{}' != '{}', from '{}'.",
                            claim.caller.date, claim.date_time.substr(0, 8), claim.date_time),
                ErrorSource::client);
  }
  const Timestamp last = claim.expires ? *at + std::chrono::seconds(*claim.expires) : *at + kMaxClockSkew;
  if (now > last) {
    return fail("Expired",
                fmt::format("Signature expired: {} is now earlier than {} ({} - {} min.)", claim.date_time,
                            to_basic_iso8601(now + -std::chrono::minutes(kMaxClockSkew)), to_basic_iso8601(now),
                            kMaxClockSkew.count()),
                ErrorSource::client);
  }
  if (*at > now + kMaxClockSkew) {
    return fail("Expired",
                fmt::format("Signature not yet current: {} is still later than {} ({} + {} min.)", claim.date_time,
                            to_basic_iso8601(now + kMaxClockSkew), to_basic_iso8601(now), kMaxClockSkew.count()),
                ErrorSource::client);
  }
  return {};
}

std::unexpected<Error> mismatch() {
  return fail("SignatureMismatch",
              "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
              "Access Key and signing method. Consult the service documentation for details.",
              ErrorSource::client);
}

// Host and every x-amz- field must be under the signature, or they could be changed on the way.
Result<> check_signed_headers(const http::RequestHead& head, const Claim& claim) {
  const auto names = split(claim.signed_headers, ';');
  if (names.size() > kMaxSignedHeaders) return incomplete("too many signed headers");
  const auto is_signed = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
  if (!is_signed("host")) return incomplete("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  for (const auto field : head.fields) {
    const std::string name = lower_case(field.name);
    if (name == "x-amz-user-agent") continue;             // means nothing
    if (claim.expires && name == "x-amz-date") continue;  // the query's date counts
    if (name.starts_with("x-amz-") && !is_signed(name)) {
      return incomplete(fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", name));
    }
  }
  return {};
}

// The digest that the canonical request carries.
Result<std::string> payload_digest(const http::RequestHead& head, std::string_view body_digest) {
  const auto said = head.fields.find("x-amz-content-sha256");
  if (!said) {
    if (body_digest == kUnsignedPayload) return mismatch();
    return std::string(body_digest);
  }
  if (*said == kUnsignedPayload) return std::string(kUnsignedPayload);
  if (body_digest != kUnsignedPayload && !equal_in_constant_time(*said, body_digest)) return mismatch();
  if (body_digest == kUnsignedPayload) return mismatch();
  return std::string(*said);
}

}  // namespace

std::string to_basic_iso8601(Timestamp t) {
  std::string text = to_iso8601(t).substr(0, 19) + "Z";
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string canonical_request(const http::RequestHead& head, std::string_view signed_headers, std::string_view digest,
                              std::string_view service) {
  std::string fields;
  for (const std::string_view name : split(signed_headers, ';')) fields += canonical_field(head, name);
  const std::string path = service == "s3" ? canonical_key(head.path()) : canonical_path(head.path());
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", head.method_name(), path, canonical_query(head.query()), fields,
                     signed_headers, digest);
}

std::string signature_of(const SigningInput& input, const Caller& caller, std::string_view secret) {
  std::string key = hmac_sha256("AWS4" + std::string(secret), caller.date);
  for (const std::string_view part :
       {std::string_view(caller.region), std::string_view(caller.service), std::string_view("aws4_request")}) {
    key = hmac_sha256(key, part);
  }
  return hex(hmac_sha256(key, input.string_to_sign));
}

Result<Caller> authenticate(const http::RequestHead& head, std::string_view body_digest, const Keys& keys,
                            Timestamp now) {
  Claim claim = TRY(read_claim(head));
  if (keys.empty()) return std::move(claim.caller);
  const auto key = keys.find(claim.caller.access_key);
  if (key == keys.end()) {
    return fail("UnknownKey", "The security token included in the request is invalid.", ErrorSource::client);
  }
  TRY(check_signed_headers(head, claim));
  TRY(check_time(claim, now));
  SigningInput input;
  input.canonical_request =
      canonical_request(head, claim.signed_headers, TRY(payload_digest(head, body_digest)), claim.caller.service);
  input.string_to_sign = string_to_sign(input.canonical_request, claim.caller, claim.date_time);
  if (!equal_in_constant_time(signature_of(input, claim.caller, key->second), claim.signature)) return mismatch();
  return std::move(claim.caller);
}

void sign(http::RequestHead& head, std::string_view body_digest, const Caller& caller, std::string_view secret,
          Timestamp now) {
  const std::string date_time = to_basic_iso8601(now);
  head.fields.remove("x-amz-date");
  head.fields.remove(http::HeaderId::authorization);
  head.fields.add("x-amz-date", date_time);
  if (body_digest == kUnsignedPayload) {
    head.fields.remove("x-amz-content-sha256");
    head.fields.add("x-amz-content-sha256", kUnsignedPayload);
  }
  std::vector<std::string> names = {"host"};
  for (const auto field : head.fields) {
    if (lower_case(field.name).starts_with("x-amz-")) names.push_back(lower_case(field.name));
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  std::string signed_headers;
  for (const auto& name : names) signed_headers += (signed_headers.empty() ? "" : ";") + name;
  Caller whole = caller;
  whole.date = date_time.substr(0, 8);
  SigningInput input;
  input.canonical_request = canonical_request(head, signed_headers, body_digest, caller.service);
  input.string_to_sign = string_to_sign(input.canonical_request, whole, date_time);
  head.fields.add(http::HeaderId::authorization,
                  fmt::format("{} Credential={}/{}/{}/{}/aws4_request, SignedHeaders={}, Signature={}", kAlgorithm,
                              whole.access_key, whole.date, whole.region, whole.service, signed_headers,
                              signature_of(input, whole, secret)));
}

}  // namespace weir::sign
