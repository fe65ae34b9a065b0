// What the tests of daemon/config share: the small site of tests/golden/configuration, changed as text.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "daemon/config/check.hpp"
#include "daemon/config/load.hpp"

namespace sitepower::config {

inline std::string read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    EXPECT_TRUE(stream) << path;
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline std::string source_path(std::string_view below) {
    return std::string(SITEPOWER_SOURCE_DIR) + '/' + std::string(below);
}

inline std::string site_text() {
    return read_file(source_path("tests/golden/configuration/sitepower.toml"));
}
inline std::string default_text() {
    return read_file(source_path("config/sitepower.toml"));
}
inline std::string test_profiles() {
    return source_path("tests/golden/configuration/devices");
}

inline ConfigPaths test_paths(const std::string& profiles = test_profiles()) {
    ConfigPaths paths;
    paths.profile_directories = {profiles};
    paths.fade_directories = {};
    paths.battery_directories = {};  // charge is counted, whatever is installed on this machine
    return paths;
}

inline std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

// The example in the default configuration: every line that is TOML behind its "# ".
inline std::string uncommented(const std::string& text) {
    std::istringstream lines(text.substr(text.find("# --- An example")));
    std::string result = text;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# [") || (line.starts_with("# ") && line.find(" = ") != std::string::npos)) {
            result += line.substr(2) + '\n';
        }
    }
    return result;
}

inline schema::Node parsed(std::string_view text) {
    schema::Diagnostics diagnostics;
    auto document = schema::parse_document(text, "sitepower.toml", diagnostics);
    EXPECT_TRUE(document) << error_report(diagnostics);
    return document ? std::move(*document) : schema::Node{{}, schema::Members{}};
}

// The configuration of a text that is right.
inline Config load(std::string_view text, const std::string& profiles = test_profiles(),
                   const SiteModel* running = nullptr) {
    schema::Diagnostics diagnostics;
    auto config = make_config(parsed(text), test_paths(profiles), diagnostics, running);
    EXPECT_TRUE(config) << error_report(diagnostics);
    return config ? std::move(*config) : Config{.model = std::make_shared<const SiteModel>()};
}

inline std::string errors_of(std::string_view text) {
    schema::Diagnostics diagnostics;
    EXPECT_FALSE(make_config(parsed(text), test_paths(), diagnostics));
    return error_report(diagnostics);
}

// "DEVICE/point"; empty for none.
inline std::string point_name(const SiteModel& model, std::optional<PointRef> point) {
    if (!point) return "";
    const auto& device = model.devices.at(position(point->device));
    return device.id + '/' + device.points.at(point->slot).name;
}

// Removed with all that is in it.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "sitepower-config-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::string& path() const { return path_; }
    void write(const std::string& name, std::string_view text) const {
        const auto file = std::filesystem::path(path_) / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
    }
    // A pipe that nobody writes to; its path.
    std::string pipe(const std::string& name) const {
        auto path = (std::filesystem::path(path_) / name).string();
        EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
        return path;
    }

  private:
    std::string path_;
};

}  // namespace sitepower::config
