// All instances of a folder against the references in their files: objective, certificate, physical optimum
// at negative prices, the relaxation where there is no feasible plan. Not part of the project:
// SITEPOWER_INSTANCES names the folder; without one these are skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "daemon/lab/program.hpp"

namespace sitepower::lab::reference_instances_test {
namespace {

std::vector<std::filesystem::path> instances() {
    const char* place = std::getenv("SITEPOWER_INSTANCES");
    const std::filesystem::path directory =
        place != nullptr ? place : SITEPOWER_SOURCE_DIR "/../shared/data/dispatch";
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

TEST(ReferenceInstances, AreSolvedToTheirReferences) {
    const auto files = instances();
    if (files.empty()) GTEST_SKIP() << "no instances: set SITEPOWER_INSTANCES to their folder";
    for (const auto& file : files) {
        const auto path = file.string();
        const char* const arguments[]{"sitepower-lab", "solve", path.c_str()};
        EXPECT_EQ(run(3, arguments), ExitCode::fine) << path;
    }
}

}  // namespace
}  // namespace sitepower::lab::reference_instances_test
