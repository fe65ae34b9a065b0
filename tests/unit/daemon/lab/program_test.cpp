#include "daemon/lab/program.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sitepower::lab::program_test {
namespace {

ExitCode run_with(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "sitepower-lab");
    return run(static_cast<int>(arguments.size()), arguments.data());
}

TEST(LabProgram, HelpIsNotAnError) {
    EXPECT_EQ(run_with({"--help"}), ExitCode::fine);
    EXPECT_EQ(run_with({"--version"}), ExitCode::fine);
}

TEST(LabProgram, AnUnknownOrMissingCommandIsAWrongCommandLine) {
    EXPECT_EQ(run_with({}), ExitCode::usage);
    EXPECT_EQ(run_with({"no-such-command"}), ExitCode::usage);
}

TEST(LabProgram, ACapacityOrAnEndOfLifeThatCannotBeIsAWrongCommandLine) {
    for (const char* bad : {"-1", "0", "nan", "inf", "x"}) {
        EXPECT_EQ(run_with({"learn-fade", "none.csv", "-o", "none.toml", "--rated-ah", bad}), ExitCode::usage)
            << bad;
        EXPECT_EQ(run_with({"learn-fade", "none.csv", "-o", "none.toml", "--end-of-life-pct", bad}),
                  ExitCode::usage)
            << bad;
    }
    EXPECT_EQ(run_with({"learn-fade", "none.csv", "-o", "none.toml", "--rated-ah", "2.5"}), ExitCode::failed);
}

}  // namespace
}  // namespace sitepower::lab::program_test
