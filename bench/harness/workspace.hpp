// A directory for one measurement, removed with everything in it when its owner goes. Made below the build
// directory: /tmp is often in memory, where writing costs nothing.
#pragma once

#include <filesystem>

namespace sitepower::bench {

class Workspace {
  public:
    // Throws Failure when it cannot be made.
    explicit Workspace(const std::filesystem::path& parent);
    ~Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace sitepower::bench
