#include "daemon/config/ids.hpp"

#include <gtest/gtest.h>

#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config::ids_test {
namespace {

std::string only_error(const schema::Diagnostics& diagnostics) {
    EXPECT_EQ(diagnostics.total(), 1U);
    return diagnostics.empty() ? "" : to_string(diagnostics.sorted().front());
}

TEST(Ids, FindWhatWasAdded) {
    schema::Diagnostics diagnostics;
    Ids ids("bus", diagnostics);
    ids.add("a", {"f", 1, 1, "bus[1].id"});
    ids.add("b", {"f", 2, 1, "bus[2].id"});
    EXPECT_EQ(ids.find("b"), 1U);
    EXPECT_EQ(ids.resolve("a", {}), 0U);
    EXPECT_FALSE(ids.find("c"));
    EXPECT_TRUE(diagnostics.empty());
}

TEST(Ids, ATakenIdNamesTheOtherPlace) {
    schema::Diagnostics diagnostics;
    Ids ids("bus", diagnostics);
    ids.add("a", {"f", 1, 4, "bus[1].id"});
    ids.add("a", {"g", 2, 5, "bus[2].id"});
    ids.add("b", {"g", 3, 5, "bus[3].id"});
    EXPECT_EQ(only_error(diagnostics), "g:2:5: bus[2].id: the bus \"a\" is there already, in f:1");
    EXPECT_EQ(ids.find("a"), 0U);
    EXPECT_EQ(ids.find("b"), 2U);
}

TEST(Ids, AnUnknownOneGetsASuggestion) {
    schema::Diagnostics diagnostics;
    Ids ids("device", diagnostics);
    ids.add("UPS-01", {});
    ids.add("UPS-02", {});
    EXPECT_FALSE(ids.resolve("UPS-1", {"f", 1, 1, "k"}));
    EXPECT_EQ(only_error(diagnostics), "f:1:1: k: there is no device \"UPS-1\"; did you mean \"UPS-01\"?");
}

TEST(Ids, WhatWasRefusedBeforeIsNotToldAgain) {
    schema::Diagnostics diagnostics;
    Ids ids("device", diagnostics);
    ids.add("", {});
    ids.add("", {});
    EXPECT_FALSE(ids.resolve("", {}));
    EXPECT_TRUE(diagnostics.empty());
}

}  // namespace
}  // namespace sitepower::config::ids_test
