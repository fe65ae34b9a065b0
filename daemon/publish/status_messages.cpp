#include "daemon/publish/status_messages.hpp"

#include "daemon/message/payload.hpp"

namespace sitepower {

std::string StatusMessages::will(Time now) const {
    return status_json(
        {.site = site_, .epoch_bits = epoch_bits_, .seq = seq_ + 1, .time = now},
        {.status = PublishedStatus::lost, .version = SITEPOWER_VERSION, .since = std::nullopt});
}

std::string StatusMessages::online(Time now, Time since) {
    return status_json({.site = site_, .epoch_bits = epoch_bits_, .seq = ++seq_, .time = now},
                       {.status = PublishedStatus::online, .version = SITEPOWER_VERSION, .since = since});
}

std::string StatusMessages::offline(Time now) {
    return status_json({.site = site_, .epoch_bits = epoch_bits_, .seq = ++seq_, .time = now},
                       {.status = PublishedStatus::offline, .version = SITEPOWER_VERSION, .since = now});
}

}  // namespace sitepower
