#include "proxy/books.h"

#include <gtest/gtest.h>

#include "proxy/limits.h"

namespace weir::proxy {
namespace {

route::RouteTablePointer table_of(std::vector<std::string> pools) {
  auto table = std::make_shared<route::RouteTable>();
  for (const std::string& id : pools) {
    table->pools.emplace_back();
    table->pools.back().id = id;
    table->pools.back().backends.push_back({"a", "127.0.0.1", 80});
  }
  table->listeners.emplace_back();
  table->listeners.back().id = "l";
  return table;
}

TallyLine line(std::string pool, std::string backend, std::uint64_t requests, std::uint64_t finished) {
  TallyLine line{{}, std::move(pool), std::move(backend), {}};
  line.counters[Count::requests] = requests;
  line.counters[Count::finished] = finished;
  line.counters.duration.record(100);
  return line;
}

TEST(BooksTest, sums_what_workers_tell) {
  Books books;
  books.take_table(table_of({"p"}), Instant{});
  books.add({line("p", "", 3, 2), line("p", "a", 4, 4)}, Instant{});
  books.add({line("p", "", 5, 5)}, Instant{});
  EXPECT_EQ(books.pool("p")[Count::requests], 8u);
  EXPECT_EQ(books.pool("p").active(), 1u);
  EXPECT_EQ(books.pool("p").duration.count(), 2u);
  EXPECT_EQ(books.backend("p", "a")[Count::requests], 4u);
  EXPECT_EQ(books.backend("p", "b")[Count::requests], 0u);
  EXPECT_EQ(books.pool("q")[Count::requests], 0u);
}

TEST(BooksTest, what_leaves_the_table_goes_on_where_it_stood_when_it_is_back_in_time) {
  Books books;
  const Instant start{};
  books.take_table(table_of({"p"}), start);
  books.add({line("p", "", 3, 3)}, start);
  books.take_table(table_of({}), start);
  books.sweep(start + kPartedCounters - seconds(1));
  EXPECT_FALSE(books.pools().at("p").listed);
  books.take_table(table_of({"p"}), start + kPartedCounters - seconds(1));
  books.sweep(start + kPartedCounters * 2);
  EXPECT_EQ(books.pool("p")[Count::requests], 3u);
}

TEST(BooksTest, what_has_left_the_table_is_forgotten_late_and_never_with_something_in_flight) {
  Books books;
  const Instant start{};
  books.take_table(table_of({"p", "busy"}), start);
  books.add({line("p", "", 3, 3), line("p", "a", 3, 3), line("busy", "a", 1, 0)}, start);
  books.take_table(table_of({}), start);
  books.sweep(start + kPartedCounters);
  EXPECT_FALSE(books.pools().contains("p"));
  EXPECT_TRUE(books.pools().contains("busy"));
  books.add({line("busy", "a", 0, 1)}, start + kPartedCounters);
  books.sweep(start + kPartedCounters * 2);
  EXPECT_TRUE(books.pools().empty());
}

TEST(BooksTest, a_flood_of_backends_that_come_and_go_is_bounded) {
  Books books;
  books.take_table(table_of({"p"}), Instant{});
  std::vector<TallyLine> lines;
  for (std::size_t i = 0; i <= kMaxPartedCounters; ++i) {
    lines.push_back({{}, "p", "gone-" + std::to_string(i), {}});
    lines.back().counters[Count::requests] = 1;
    lines.back().counters[Count::finished] = i == 7 ? 0 : 1;
  }
  lines.push_back(line("p", "a", 1, 1));
  books.add(lines, Instant{});
  books.sweep(Instant{});
  EXPECT_EQ(books.pools().at("p").backends.size(), 2u);  // one has something in flight, one is listed
}

}  // namespace
}  // namespace weir::proxy
