#include "model/secret_documents.h"

#include "base/describe.h"

namespace weir::model {

const Shape& describe(const ParameterVersion*) {
  static const Shape kShape =
      structure<ParameterVersion>("ParameterVersion", {
                                                          member<&ParameterVersion::version>("version"),
                                                          member<&ParameterVersion::value>("value"),
                                                          member<&ParameterVersion::modified_at>("modified_at"),
                                                          member<&ParameterVersion::description>("description"),
                                                          member<&ParameterVersion::allowed_pattern>("allowed_pattern"),
                                                          member<&ParameterVersion::key_id>("key_id"),
                                                          member<&ParameterVersion::data_type>("data_type"),
                                                          member<&ParameterVersion::tier>("tier"),
                                                      });
  return kShape;
}

const Shape& describe(const Parameter*) {
  static const Shape kShape = structure<Parameter>("Parameter", {
                                                                    member<&Parameter::scope>("scope"),
                                                                    member<&Parameter::name>("name"),
                                                                    member<&Parameter::type>("type"),
                                                                    member<&Parameter::versions>("versions"),
                                                                    member<&Parameter::tags>("tags"),
                                                                });
  return kShape;
}

const Shape& describe(const SecretVersion*) {
  static const Shape kShape =
      structure<SecretVersion>("SecretVersion", {
                                                    member<&SecretVersion::id>("id"),
                                                    member<&SecretVersion::value>("value"),
                                                    member<&SecretVersion::binary>("binary"),
                                                    member<&SecretVersion::stages>("stages"),
                                                    member<&SecretVersion::created_at>("created_at"),
                                                });
  return kShape;
}

const Shape& describe(const Secret*) {
  static const Shape kShape = structure<Secret>("Secret", {
                                                              member<&Secret::scope>("scope"),
                                                              member<&Secret::name>("name"),
                                                              member<&Secret::arn>("arn"),
                                                              member<&Secret::description>("description"),
                                                              member<&Secret::kms_key_id>("kms_key_id"),
                                                              member<&Secret::created_at>("created_at"),
                                                              member<&Secret::changed_at>("changed_at"),
                                                              member<&Secret::deleted_at>("deleted_at"),
                                                              member<&Secret::gone_at>("gone_at"),
                                                              member<&Secret::tags>("tags"),
                                                              member<&Secret::versions>("versions"),
                                                          });
  return kShape;
}

std::string Parameter::key() const { return scope.prefix() + name; }
std::string Secret::key() const { return scope.prefix() + name; }

}  // namespace weir::model
