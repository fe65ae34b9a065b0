// What a reload has to touch. Pure; loop thread.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/config.hpp"

namespace sitepower::config {

// What was written differently. What stands as it was may have to be made anew with it: points of prices and
// of dispatch are places in the model.
struct ConfigChanges {
    std::vector<std::string> buses_added;  // ids
    std::vector<std::string> buses_removed;
    std::vector<std::string> buses_changed;  // to be stopped and made anew
    bool model = false;     // the engine needs another SiteModel: snapshot(), new Site, restore()
    bool settings = false;  // alert rules or intervals of the engine; likewise
    bool publisher = false;
    bool store = false;
    bool http = false;
    bool journal = false;
    bool prices = false;
    bool dispatch = false;
    bool forecasts = false;
    bool scaling = false;

    bool any() const;
};

ConfigChanges diff(const Config& before, const Config& after);

// For the verdict of a reload: "bus LINE-1 changed, broker changed"; "nothing changed".
std::string to_string(const ConfigChanges& changes);

}  // namespace sitepower::config
