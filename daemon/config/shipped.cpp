#include "daemon/config/shipped.hpp"

#include <system_error>

namespace sitepower::config {

namespace fs = std::filesystem;

fs::path shipped(std::string_view folder) {
    std::error_code error;
    const auto program = fs::read_symlink("/proc/self/exe", error).parent_path();  // empty: not known
    for (const char* beside : {"../share/sitepower", "../config", "../../config"}) {
        auto path = (program / beside / folder).lexically_normal();
        if (!program.empty() && fs::is_directory(path, error)) return path;
    }
    return fs::path("/usr/share/sitepower") / folder;
}

}  // namespace sitepower::config
