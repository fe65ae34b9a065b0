// The daemon put together: every part is built in a written order and stopped in the reverse order. The one
// place where rooms that do not know each other (store, publisher, buses, operations) meet. Lives in main().
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/config/config.hpp"

namespace sitepower {

class App {
  public:
    // Opens the store and builds all parts. Throws std::runtime_error with a message for people when the
    // store or the local API's socket cannot be used.
    App(config::ConfigPaths paths, config::Config config);
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    // Starts everything, tells the service manager, runs until SIGTERM or SIGINT, stops everything. The
    // process's exit status.
    int run();

  private:
    class Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace sitepower
