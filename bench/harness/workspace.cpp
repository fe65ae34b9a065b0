#include "bench/harness/workspace.hpp"

#include <cstdlib>
#include <string>
#include <system_error>

#include "bench/harness/failure.hpp"

namespace sitepower::bench {

Workspace::Workspace(const std::filesystem::path& parent) {
    std::string pattern = (parent / "measurement-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
        throw Failure("cannot make a directory in " + parent.string());
    }
    path_ = pattern;
}

Workspace::~Workspace() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace sitepower::bench
