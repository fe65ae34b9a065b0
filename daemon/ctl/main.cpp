// sitepowerctl, the operator's command line: a thin client of the daemon's local API.
#include <chrono>
#include <iostream>

#include "daemon/ctl/program.hpp"

int main(int argc, char** argv) {
    const auto now = std::chrono::floor<sitepower::Duration>(std::chrono::system_clock::now());
    const auto code = sitepower::ctl::run({argv + 1, argv + argc}, now, std::cout, std::cerr);
    return static_cast<int>(code);
}
