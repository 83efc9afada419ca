#include "proxy/shared_load.h"

namespace weir::proxy {
namespace {

template <class Value, class Map, class Key>
std::shared_ptr<Value> held(Map& map, Key key) {
  std::weak_ptr<Value>& known = map[std::move(key)];
  std::shared_ptr<Value> value = known.lock();
  if (!value) known = value = std::make_shared<Value>();
  return value;
}

// A backend that comes back at another address is another one.
std::string place_of(const std::string& pool, const route::Backend& backend) {
  const auto number = [](std::string& place, std::size_t value) {
    for (int byte = 0; byte < 4; ++byte) place += static_cast<char>(value >> 8 * byte);
  };
  std::string place;
  place.reserve(pool.size() + backend.id.size() + backend.address.size() + 16);
  for (const std::string* part : {&pool, &backend.id, &backend.address}) {
    number(place, part->size());
    place += *part;
  }
  number(place, backend.port);
  return place;
}

}  // namespace

bool SharedLoad::take(std::atomic<std::uint32_t>& count, unsigned limit) {
  if (count.fetch_add(1) < limit || limit == 0) return true;
  count.fetch_sub(1);
  return false;
}

std::shared_ptr<SharedLoad> SharedLoads::of(const std::string& pool, const route::Backend& backend) {
  const std::lock_guard lock(mutex_);
  if (loads_.size() >= purge_at_) {
    std::erase_if(loads_, [](const auto& each) { return each.second.expired(); });
    std::erase_if(lines_, [](const auto& each) { return each.second.expired(); });
    purge_at_ = 2 * loads_.size() + 64;
  }
  return held<SharedLoad>(loads_, place_of(pool, backend));
}

std::shared_ptr<SharedLine> SharedLoads::line(const std::string& pool) {
  const std::lock_guard lock(mutex_);
  return held<SharedLine>(lines_, pool);
}

}  // namespace weir::proxy
