// How a measurement ends early. The harness throws: every process, port and directory it holds belongs to an
// object, so unwinding ends and removes them all. Caught in main() only.
#pragma once

#include <stdexcept>
#include <string>

namespace sitepower::bench {

// The measurement could not be taken; the text says what was waited for and where to look.
class Failure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Ctrl-C or SIGTERM.
class Interrupted : public std::runtime_error {
  public:
    Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace sitepower::bench
