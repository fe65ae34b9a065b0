// sitepower-lab: offline work for engineers; "sitepower-lab --help" names the commands.
#include <exception>
#include <iostream>

#include "daemon/lab/program.hpp"

int main(int argc, char** argv) {
    try {
        return static_cast<int>(sitepower::lab::run(argc, argv));
    } catch (const std::exception& error) {
        std::cerr << "sitepower-lab: " << error.what() << '\n';
        return static_cast<int>(sitepower::lab::ExitCode::failed);
    }
}
