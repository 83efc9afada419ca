#include "model/log_documents.h"

#include "base/describe.h"

namespace weir::model {

const Shape& describe(const LogGroup*) {
  static const Shape kShape = structure<LogGroup>("LogGroup", {
                                                                  member<&LogGroup::scope>("scope"),
                                                                  member<&LogGroup::name>("name"),
                                                                  member<&LogGroup::created_at>("created_at"),
                                                                  member<&LogGroup::retention_days>("retention_days"),
                                                                  member<&LogGroup::log_group_class>("log_group_class"),
                                                                  member<&LogGroup::tags>("tags"),
                                                              });
  return kShape;
}

const Shape& describe(const LogStream*) {
  static const Shape kShape = structure<LogStream>("LogStream", {
                                                                    member<&LogStream::scope>("scope"),
                                                                    member<&LogStream::group>("group"),
                                                                    member<&LogStream::name>("name"),
                                                                    member<&LogStream::id>("id"),
                                                                    member<&LogStream::created_at>("created_at"),
                                                                });
  return kShape;
}

const Shape& describe(const LogDelivery*) {
  static const Shape kShape =
      structure<LogDelivery>("LogDelivery", {
                                                member<&LogDelivery::scope>("scope"),
                                                member<&LogDelivery::cluster>("cluster"),
                                                member<&LogDelivery::task>("task"),
                                                member<&LogDelivery::container>("container"),
                                                member<&LogDelivery::stream_key>("stream_key"),
                                                member<&LogDelivery::stream>("stream"),
                                                member<&LogDelivery::event_start>("event_start"),
                                            });
  return kShape;
}

std::string log_streams_prefix(const Scope& scope, const std::string& group) { return scope.prefix() + group + ":"; }

std::string LogGroup::key() const { return scope.prefix() + name; }
std::string LogStream::key() const { return log_streams_prefix(scope, group) + name; }

std::string LogDelivery::key() const { return scope.prefix() + task + "/" + container; }

}  // namespace weir::model
