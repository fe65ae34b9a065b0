#include "daemon/lab/score/capacity_file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/process.hpp"

namespace sitepower::lab::capacity_file_test {
namespace {

// One directory per process: tests run side by side.
std::filesystem::path file_with(const std::string& text) {
    static const support::TemporaryDirectory directory;
    auto path = directory.path() / "capacities.csv";
    std::ofstream(path) << text;
    return path;
}

std::string error_of(const std::string& text) {
    const auto cells = read_capacities(file_with(text));
    return cells ? "" : cells.error().message;
}

TEST(CapacityFile, IsReadByCell) {
    const auto path = file_with("cell,cycle,capacity_ah,more\r\nA-1,1,2.0,x\r\nA-1,3,1.9,\r\nB,1,2.1,y\n");
    EXPECT_TRUE(is_capacity_file(path));
    const auto cells = read_capacities(path);
    ASSERT_TRUE(cells) << cells.error().message;
    ASSERT_EQ(cells->size(), 2U);
    EXPECT_EQ((*cells)[0].cell, "A-1");
    EXPECT_EQ((*cells)[0].cycle, (std::vector<double>{1, 3}));
    EXPECT_EQ((*cells)[1].capacity_ah, (std::vector<double>{2.1}));
}

TEST(CapacityFile, ColumnsGoByTheirNames) {
    const auto cells = read_capacities(file_with("capacity_ah,cell,cycle\n1.5,X,7\n"));
    ASSERT_TRUE(cells);
    EXPECT_EQ((*cells)[0].cycle[0], 7);
    EXPECT_EQ((*cells)[0].capacity_ah[0], 1.5);
}

TEST(CapacityFile, SaysWhereItIsWrong) {
    EXPECT_NE(error_of("cell,cycle,capacity_ah\nA,1,2\nA,2,x\n").find("capacities.csv:3:"),
              std::string::npos);
    EXPECT_NE(error_of("cell,cycle,capacity_ah\nA,2,2\nA,1,2\n").find("ascend"), std::string::npos);
    EXPECT_NE(error_of("cell,cycle,capacity_ah\nA,1\n").find("columns"), std::string::npos);
    EXPECT_NE(error_of("cell,cycle,capacity_ah\nA,1,-2\n").find("above 0"), std::string::npos);
    EXPECT_NE(error_of("cell,cycle,capacity_ah\nA,1,nan\n").find("numbers"), std::string::npos);
    EXPECT_NE(error_of("cell,cycle,capacity_ah\n").find("no row"), std::string::npos);
    EXPECT_NE(error_of("t_s,voltage_v\n1,2\n").find("columns"), std::string::npos);
    EXPECT_FALSE(read_capacities("/nowhere/x.csv"));
    EXPECT_FALSE(is_capacity_file("/nowhere/x.csv"));
}

TEST(GroupOf, IsTheNameWithoutItsNumber) {
    EXPECT_EQ(group_of("3C_battery-7"), "3C_battery");
    EXPECT_EQ(group_of("Dataset_1_NCA_battery_CY25-05_1-#12"), "Dataset_1_NCA_battery_CY25-05_1");
    EXPECT_EQ(group_of("CS2_35"), "CS2");
    EXPECT_EQ(group_of("cell"), "cell");
    EXPECT_EQ(group_of("17"), "");
    EXPECT_EQ(group_of(""), "");
}

}  // namespace
}  // namespace sitepower::lab::capacity_file_test
