// A profile of one point with the probe that a test is about.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "drivers/profile/load.hpp"

namespace sitepower {

// `probe`: rows as TOML inline tables. The point is the holding register 100, read every 20 ms.
inline Profile small_profile(const std::string& probe) {
    schema::Diagnostics diagnostics;
    auto profile = parse_profile(R"(
schema = 1
id = "small"
kind = "ups"
manufacturer = "Maker"
models = ["One"]
poll_ms = { fast = 20 }
points = [{ name = "a", address = 100 }]
probe = [)" + probe + "]\n",
                                 "small.toml", diagnostics);
    for (const auto& diagnostic : diagnostics.sorted()) ADD_FAILURE() << to_string(diagnostic);
    return profile.value_or(Profile{});
}

}  // namespace sitepower
