#include "model/certificate_documents.h"

#include "base/describe.h"

namespace weir::model {

const Shape& describe(const Certificate*) {
  static const Shape kShape =
      structure<Certificate>("Certificate", {
                                                member<&Certificate::scope>("scope"),
                                                member<&Certificate::arn>("arn"),
                                                member<&Certificate::body>("body"),
                                                member<&Certificate::chain>("chain"),
                                                member<&Certificate::file>("file"),
                                                member<&Certificate::imports>("imports"),
                                                member<&Certificate::domain_name>("domain_name"),
                                                member<&Certificate::names>("names"),
                                                member<&Certificate::serial>("serial"),
                                                member<&Certificate::subject>("subject"),
                                                member<&Certificate::issuer>("issuer"),
                                                member<&Certificate::key_algorithm>("key_algorithm"),
                                                member<&Certificate::signature_algorithm>("signature_algorithm"),
                                                member<&Certificate::not_before>("not_before"),
                                                member<&Certificate::not_after>("not_after"),
                                                member<&Certificate::imported_at>("imported_at"),
                                                member<&Certificate::tags>("tags"),
                                            });
  return kShape;
}

const Shape& describe(const TrustStore*) {
  static const Shape kShape = structure<TrustStore>("TrustStore", {
                                                                      member<&TrustStore::scope>("scope"),
                                                                      member<&TrustStore::name>("name"),
                                                                      member<&TrustStore::arn>("arn"),
                                                                      member<&TrustStore::file>("file"),
                                                                      member<&TrustStore::changes>("changes"),
                                                                      member<&TrustStore::authorities>("authorities"),
                                                                      member<&TrustStore::tags>("tags"),
                                                                  });
  return kShape;
}

std::string TrustStore::key() const { return scope.prefix() + name; }

std::string Certificate::key() const { return scope.prefix() + arn; }

}  // namespace weir::model
