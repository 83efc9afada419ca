#include "proxy/predecessor.h"

#include <utility>

namespace weir::proxy {

Predecessor::Predecessor(net::Loop& loop, net::Fd socket, Calls calls)
    : calls_(std::move(calls)),
      link_(loop, std::move(socket), {[this](const Json& message) { take(message); }, [this] { closed(); }}) {}

void Predecessor::say_ready(std::int64_t version) { link_.send(Json::object().set("ready", version)); }
void Predecessor::say_serving() { link_.send(Json::object().set("serving", true)); }
void Predecessor::pass_on(const route::RouteTable& table) { link_.send(Json::object().set("table", to_json(table))); }
void Predecessor::hurry() { link_.send(Json::object().set("hurry", true)); }

void Predecessor::take(const Json& message) {
  if (serving_) return take_feedback(message);
  if (message.find("serve") != nullptr && inherited_) {
    serving_ = true;
    take_feedback(message);
    return calls_.serve();
  }
  auto left = reader_.take(message, link_);
  if (!left) return calls_.unusable(left.error());
  if (!*left) return;
  inherited_ = true;
  calls_.inherit(std::move(**left));
}

void Predecessor::take_feedback(const Json& message) {
  auto told = route::feedback_from_json(message["feedback"]);
  if (!told) return;  // of another release: its last word stands
  feedback_ = std::move(*told);
  draining_ = static_cast<unsigned>(message["draining"].as_int(1));
  calls_.news();
}

void Predecessor::closed() {
  if (!inherited_) return calls_.unusable(Error{.code = "Inheritance", .message = "whom it follows has gone"});
  if (!std::exchange(serving_, true)) calls_.serve();
  calls_.gone();
}

}  // namespace weir::proxy
