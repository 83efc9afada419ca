// CertificateFiles: certificates and their keys as files of one folder, which only their owner can read. Control
// thread.
#pragma once

#include <string>

#include "api/acm/certificate_keep.h"

namespace weir {

class CertificateFiles final : public api::CertificateKeep {
 public:
  explicit CertificateFiles(std::string folder) : folder_(std::move(folder)) {}
  Result<> keep(const std::string& file, const std::string& chain, const std::string& key) override;
  void forget(const std::string& id) override;

 private:
  const std::string folder_;
};

}  // namespace weir
