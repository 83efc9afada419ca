// CertificateKeep: where certificates and their private keys are kept as files that only their owner can read. Made in
// main/; control thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::api {

class CertificateKeep {
 public:
  virtual ~CertificateKeep() = default;
  // Writes `chain` (PEM: the certificate, then those that lead to its root) as FILE.crt and `key`, where it is not empty,
  // as FILE.key; durable when it returns. `file` is "ID/NUMBER".
  virtual Result<> keep(const std::string& file, const std::string& chain, const std::string& key) = 0;
  // Removes all that was kept as "ID/…".
  virtual void forget(const std::string& id) = 0;
};

}  // namespace weir::api
