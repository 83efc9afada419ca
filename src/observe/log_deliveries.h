// LogDeliveries: carries what containers write into the streams that their task definitions name. How far it has come
// is kept in the same write as the events themselves (LogKeep), so that a crash at any time neither loses nor doubles
// a line. It is told when to look (main/log_courier.h). One thread (the control thread).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/regex.h"
#include "base/result.h"
#include "model/log_documents.h"
#include "observe/log_keep.h"
#include "store/store.h"

namespace weir::observe {

// Where containers' output is read: whole lines "<RFC 3339 time with milliseconds> <stdout|stderr> <text>".
class LogSource {
 public:
  virtual ~LogSource() = default;
  struct Chunk {
    std::string text;
    std::int64_t next = 0;  // the offset to read on from
  };
  // Lines from `offset` on, or from the first that is left; empty where there is nothing more yet. Errors: "NotFound"
  // where the container has written nothing, others where it cannot be read now.
  virtual Result<Chunk> read(const std::string& task, const std::string& container, std::int64_t offset) const = 0;
};

class LogDeliveries {
 public:
  // All outlive this.
  LogDeliveries(store::Store& store, LogKeep& keep, const LogSource& source, Log& log)
      : store_(store), keep_(keep), source_(source), log_(log) {}

  // Takes up those of the store. Errors: the store's.
  Result<> resume();
  // Takes up one whose document is in the store. A repeat changes nothing.
  void begin(const model::LogDelivery& delivery);
  // Ids of the tasks of which something may still come.
  std::set<std::string> tasks() const;

  struct Round {
    bool more = false;               // there is more to read at once
    bool failed = false;             // something could not be done now
    std::optional<Timestamp> until;  // an event is held back for its next line, until then
  };
  // Delivers what there is of the task, a part of it where it is much. Lets go of what has ended.
  Round deliver(const std::string& task, Timestamp now);

 private:
  struct Delivery {
    model::LogDelivery document;
    std::optional<Regex> event_start;
    std::int64_t offset = 0;  // as read; what is held back lies behind it
    bool looked = false;
  };
  class Batch;

  // False: it is over.
  bool carry(Delivery& delivery, Timestamp now, Round& round);
  bool stream_is_there(const Delivery& delivery);
  bool task_has_ended(const Delivery& delivery);
  void drop(const Delivery& delivery);
  bool hold_back(const Delivery& delivery, Batch& batch, const LogSource::Chunk& chunk, bool over, Timestamp now,
                 Round& round);
  // Says so, once in a row. True: it goes on later.
  bool failed(const Delivery& delivery, const Error& error, Round& round);

  store::Store& store_;
  LogKeep& keep_;
  const LogSource& source_;
  Log& log_;
  std::map<std::string, std::map<std::string, Delivery>> deliveries_;  // by task, then container
  std::set<std::string> failing_;                                      // streams whose failure was logged
};

}  // namespace weir::observe
