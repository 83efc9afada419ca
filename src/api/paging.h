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

// The page of `size` items after `token` (empty: the first page), in the order of their positions, which are unique.
// Only what the page shows is sorted. None where the token is bad.
template <class T>
std::optional<Page<T>> page_of(std::vector<Positioned<T>> all, std::string_view token, std::size_t size,
                               Order order = Order::ascending) {
  const auto before = [order](const Positioned<T>& a, const Positioned<T>& b) {
    return order == Order::ascending ? a.position < b.position : b.position < a.position;
  };
  if (!token.empty()) {
    auto position = page_position(token);
    if (!position) return std::nullopt;
    const Positioned<T> last{std::move(*position), T()};
    std::erase_if(all, [&](const auto& one) { return !before(last, one); });
  }
  const std::size_t shown = std::min(size, all.size());
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(shown);
  std::partial_sort(all.begin(), end, all.end(), before);
  Page<T> page;
  if (shown > 0 && shown < all.size()) page.next = page_token((end - 1)->position);
  for (auto one = all.begin(); one != end; ++one) page.items.push_back(std::move(one->item));
  return page;
}

}  // namespace weir::api
