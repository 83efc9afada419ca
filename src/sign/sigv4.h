// AWS Signature Version 4, in the Authorization header or in the query string ("presigned"): who calls, whether the
// signature is right. Verifying reads the head, the digest of the body, and the keys; nothing else. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace weir::sign {

// Access key → secret. Empty: any key is accepted and nothing but the scope is read (on loopback only, which main
// sees to).
using Keys = std::map<std::string, std::string, std::less<>>;

// The scope of a credential: KEY/20150830/us-east-1/ecs/aws4_request.
struct Caller {
  std::string access_key;
  std::string date;  // YYYYMMDD
  std::string region;
  std::string service;  // the signing name
};

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// Who calls. `body_digest` is SHA-256 of the body in hexadecimal; it may be kUnsignedPayload where the caller of this
// function has not seen the body, and then the request must say so too in X-Amz-Content-Sha256.
// Errors (client): "MissingAuthenticationToken", "IncompleteSignature", "UnknownKey", "SignatureMismatch", "Expired".
// An error's message is AWS's own wording.
Result<Caller> authenticate(const http::RequestHead& head, std::string_view body_digest, const Keys& keys,
                            Timestamp now);

// What is signed, for tests and for a client of ours.
struct SigningInput {
  std::string canonical_request;
  std::string string_to_sign;
};
std::string signature_of(const SigningInput& input, const Caller& caller, std::string_view secret);

// Signs: sets x-amz-date, x-amz-content-sha256 (where the digest is kUnsignedPayload) and Authorization in `head`,
// covering Host and every field that starts with x-amz-. Host must be among the fields.
void sign(http::RequestHead& head, std::string_view body_digest, const Caller& caller, std::string_view secret,
          Timestamp now);

// "20150830T123600Z".
std::string to_basic_iso8601(Timestamp t);

// One step of authenticate(), apart for the tests of AWS's own vectors. `signed_headers` is "host;x-amz-date".
// `service` is a signing name: S3 takes paths as they come, since "a/../b" may be a key.
std::string canonical_request(const http::RequestHead& head, std::string_view signed_headers,
                              std::string_view payload_digest, std::string_view service);

}  // namespace weir::sign
