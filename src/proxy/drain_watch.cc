#include "proxy/drain_watch.h"

#include <algorithm>

#include "net/loop.h"
#include "proxy/backend_link.h"

namespace weir::proxy {

DrainWatch::DrainWatch(net::Loop& loop) : loop_(loop), timer_(loop, [this] { on_due(); }) {}

void DrainWatch::add(BackendLink& link) {
  links_.push_back(&link);
  renew();
}

void DrainWatch::remove(BackendLink& link) { std::erase(links_, &link); }

void DrainWatch::renew() {
  timer_.cancel();
  if (links_.empty()) return;
  const auto first = std::ranges::min_element(links_, {}, &BackendLink::drained_at);
  timer_.arm((*first)->drained_at());
}

void DrainWatch::on_due() {
  std::vector<BackendLink*> due;
  std::erase_if(links_, [&](BackendLink* link) {
    const bool over = link->drained_at() <= loop_.now();
    if (over) due.push_back(link);
    return over;
  });
  renew();
  for (BackendLink* link : due) link->end_all();  // none goes before the next sweep of the pools
}

}  // namespace weir::proxy
