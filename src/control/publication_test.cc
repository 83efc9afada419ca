#include "control/publication.h"

#include <gtest/gtest.h>

namespace weir::control {
namespace {

using route::BackendState;

route::RouteTable table(BackendState state) {
  route::RouteTable made;
  made.pools.push_back({.id = "blue"});
  made.pools[0].backends.push_back({"t:1", "127.0.0.1", 1, state});
  return made;
}

TEST(PublicationTest, takes_only_what_differs_and_never_goes_back) {
  Publication publication;
  EXPECT_TRUE(publication.update(table(BackendState::checking), 7));
  EXPECT_EQ(publication.table()->version, 7);
  EXPECT_FALSE(publication.update(table(BackendState::checking), 9));
  EXPECT_EQ(publication.table()->version, 7);
  EXPECT_TRUE(publication.update(table(BackendState::serving), 9));
  EXPECT_EQ(publication.table()->version, 9);
}

TEST(PublicationTest, an_empty_store_has_a_first_version_too) {
  Publication publication;
  EXPECT_TRUE(publication.update({}, 0));
  EXPECT_EQ(publication.table()->version, 1);
}

TEST(PublicationTest, a_state_is_acknowledged_with_the_first_table_that_has_it) {
  Publication publication;
  publication.update(table(BackendState::serving), 5);
  EXPECT_FALSE(publication.acknowledged("blue", "t:1", BackendState::serving));
  publication.on_feedback({.acknowledged = 4});
  EXPECT_FALSE(publication.acknowledged("blue", "t:1", BackendState::serving));
  publication.on_feedback({.acknowledged = 5});
  EXPECT_TRUE(publication.acknowledged("blue", "t:1", BackendState::serving));
  auto more = table(BackendState::serving);
  more.pools.push_back({.id = "green"});
  publication.update(more, 8);  // nothing new about the backend
  EXPECT_TRUE(publication.acknowledged("blue", "t:1", BackendState::serving));
  publication.update(table(BackendState::draining), 9);
  EXPECT_FALSE(publication.acknowledged("blue", "t:1", BackendState::serving));
  EXPECT_FALSE(publication.acknowledged("blue", "t:1", BackendState::draining));
  publication.on_feedback({.acknowledged = 9});
  EXPECT_TRUE(publication.acknowledged("blue", "t:1", BackendState::draining));
}

TEST(PublicationTest, a_revision_is_in_force_once_a_table_that_says_all_of_it_is_acknowledged) {
  Publication publication;
  EXPECT_EQ(publication.in_force(), -1);
  publication.update(table(BackendState::checking), 5);
  EXPECT_EQ(publication.in_force(), -1);
  publication.on_feedback({.acknowledged = 5});
  EXPECT_EQ(publication.in_force(), 5);
  publication.covers(6);  // of which the table has nothing to say
  EXPECT_EQ(publication.in_force(), 6);
  publication.update(table(BackendState::serving), 8);
  publication.update(table(BackendState::draining), 9);
  EXPECT_EQ(publication.in_force(), 6);
  publication.on_feedback({.acknowledged = 8});
  EXPECT_EQ(publication.in_force(), 8);
  EXPECT_FALSE(publication.update(table(BackendState::draining), 11));
  EXPECT_EQ(publication.in_force(), 8);
  publication.on_feedback({.acknowledged = 9});
  EXPECT_EQ(publication.in_force(), 11) << "the table was the same";
}

TEST(PublicationTest, nothing_is_in_force_at_a_proxy_that_has_not_said_so) {
  Publication publication;
  publication.update(table(BackendState::checking), 5);
  publication.on_feedback({.acknowledged = 5});
  publication.on_connected();
  EXPECT_EQ(publication.in_force(), -1);
  publication.on_feedback({.acknowledged = 3});  // what it found on the disk
  EXPECT_EQ(publication.in_force(), -1);
  publication.on_feedback({.acknowledged = 5});
  EXPECT_EQ(publication.in_force(), 5);
  publication.on_feedback({.acknowledged = 90});  // of a store that is gone
  EXPECT_EQ(publication.in_force(), -1);
  publication.update(table(BackendState::checking), 6);
  publication.on_feedback({.acknowledged = 90});
  EXPECT_EQ(publication.in_force(), -1);
  publication.on_feedback({.acknowledged = publication.table()->version});
  EXPECT_EQ(publication.in_force(), 6);
}

TEST(PublicationTest, a_new_connection_begins_with_nothing_known) {
  Publication publication;
  publication.update(table(BackendState::serving), 5);
  publication.on_feedback({.acknowledged = 5, .backends = {{.pool = "blue", .backend = "t:1"}}});
  EXPECT_NE(publication.status("blue", "t:1"), nullptr);
  publication.on_connected();
  EXPECT_EQ(publication.status("blue", "t:1"), nullptr);
  EXPECT_FALSE(publication.acknowledged("blue", "t:1", BackendState::serving));
}

TEST(PublicationTest, a_foreign_newer_table_is_no_acknowledgement_and_is_overtaken) {
  Publication publication;
  publication.on_feedback({.acknowledged = 100});
  publication.update(table(BackendState::serving), 5);
  EXPECT_FALSE(publication.acknowledged("blue", "t:1", BackendState::serving));
  publication.on_feedback({.acknowledged = 100});
  EXPECT_TRUE(publication.is_foreign());
  EXPECT_TRUE(publication.update(table(BackendState::serving), 5));
  EXPECT_GT(publication.table()->version, 100);
  EXPECT_FALSE(publication.acknowledged("blue", "t:1", BackendState::serving));
  publication.on_feedback({.acknowledged = publication.table()->version});
  EXPECT_TRUE(publication.acknowledged("blue", "t:1", BackendState::serving));
}

}  // namespace
}  // namespace weir::control
