// Decides whether the service manager's watchdog may be fed: only while every part that has a thread of its
// own has shown progress within the limit that it declares itself. The loop feeds, so a stalled loop is
// noticed by itself. Owned by the app; loop thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace sitepower {

class Watchdog {
  public:
    using Measure = std::function<Duration()>;

    // since_progress: how long ago the part last showed progress; limit: how long that may be. Both are asked
    // at each check, since a reload may change them.
    void watch(std::string part, Measure since_progress, Measure limit) {
        parts_.push_back({std::move(part), std::move(since_progress), std::move(limit)});
    }
    // Forgets parts whose name begins with `prefix` (a reload ends buses).
    void forget(std::string_view prefix) {
        std::erase_if(parts_, [&](const Part& part) { return part.name.starts_with(prefix); });
    }

    // The first part that hangs, with its times; empty when all are well.
    std::optional<std::string> hanging() const;

  private:
    struct Part {
        std::string name;
        Measure since_progress;
        Measure limit;
    };
    std::vector<Part> parts_;
};

}  // namespace sitepower
