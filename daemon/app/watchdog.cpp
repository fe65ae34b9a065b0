#include "daemon/app/watchdog.hpp"

#include <fmt/format.h>

namespace sitepower {

std::optional<std::string> Watchdog::hanging() const {
    for (const auto& part : parts_) {
        const auto since = part.since_progress();
        const auto limit = part.limit();
        if (since > limit) {
            return fmt::format("{} has shown no progress for {} ms (limit {} ms)", part.name, since.count(),
                               limit.count());
        }
    }
    return std::nullopt;
}

}  // namespace sitepower
