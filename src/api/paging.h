// Pages of a list: opaque tokens that name the last item given, so that a page goes on at the right place although
// items came and went in between. Every item has a position: a text whose order is the list's. Pure functions; any
// thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::api {

template <class T>
struct Positioned {
  std::string position;
  T item;
};

enum class Order { ascending, descending };

template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next;  // none on the last page
};

std::string page_token(std::string_view position);
// None where `token` is none that page_token() made.
std::optional<std::string> page_position(std::string_view token);
// "00000000000000000042": numbers in a position, in the order of numbers.
std::string position_number(std::int64_t number);

// Sorts `all` and gives the page of `size` items after `token` (empty: the first page). None where the token is bad.
template <class T>
std::optional<Page<T>> page_of(std::vector<Positioned<T>> all, std::string_view token, std::size_t size,
                               Order order = Order::ascending) {
  const auto before = [order](const std::string& a, const std::string& b) {
    return order == Order::ascending ? a < b : b < a;
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const auto& a, const auto& b) { return before(a.position, b.position); });
  auto from = all.begin();
  if (!token.empty()) {
    const auto last = page_position(token);
    if (!last) return std::nullopt;
    from = std::find_if(all.begin(), all.end(), [&](const auto& one) { return before(*last, one.position); });
  }
  Page<T> page;
  const auto end = from + static_cast<std::ptrdiff_t>(std::min<std::size_t>(size, all.end() - from));
  for (auto one = from; one != end; ++one) page.items.push_back(std::move(one->item));
  if (end != all.end() && end != from) page.next = page_token((end - 1)->position);
  return page;
}

}  // namespace weir::api
