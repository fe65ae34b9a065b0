// sitepower-release: hands the devices that sitepowerd controlled back to their own control. Run by the
// service manager after sitepowerd has ended, however that was (ExecStopPost=).
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "daemon/release/release.hpp"

namespace {

using namespace sitepower;

// systemd gives the unit 10 s for its end.
constexpr Duration at_most{8'000};
constexpr int usage_error = 2;

int run(int argc, char** argv) {
    const char* state = std::getenv("STATE_DIRECTORY");
    std::string path = state == nullptr ? "/var/lib/sitepower" : state;
    path += std::string("/") + release_file_name;
    if (argc > 2 || (argc == 2 && std::string_view(argv[1]).starts_with('-'))) {
        fmt::print(
            "Hands devices back to their own control after sitepowerd has ended.\n"
            "usage: sitepower-release [FILE]   (default: {})\n"
            "Exit status: 0 all are handed back or there is none, 1 not all, 2 wrong arguments.\n",
            path);
        return argc == 2 && std::string_view(argv[1]) == "--help" ? 0 : usage_error;
    }
    if (argc == 2) path = argv[1];
    const auto writes = read_releases(path);
    if (!writes) {
        fmt::print(stderr, "sitepower-release: {}\n", writes.error().message);
        return 1;
    }
    bool all = true;
    for (const auto& released : release_all(*writes, at_most)) {
        fmt::print(released.done ? stdout : stderr, "{} {}: {}\n", released.device,
                   released.done ? "is handed back" : "could not be handed back", released.message);
        all = all && released.done;
    }
    return all ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try { return run(argc, argv); } catch (const std::exception& error) {
    std::fprintf(stderr, "sitepower-release: %s\n", error.what());
    return 1;
}
