// The JSON of every message: one function per payload of the topic table. Pure; called on the loop thread,
// and for frames on the publisher's thread. Field order and names are pinned by tests/golden.
#pragma once

#include <string>
#include <string_view>

#include "core/alert/alert.hpp"
#include "core/base/frame.hpp"
#include "core/site/model.hpp"
#include "core/site/state.hpp"
#include "daemon/message/message.hpp"

namespace sitepower {

// What every payload has at its top, beside its subject.
struct PayloadHead {
    std::string_view site;
    std::uint64_t epoch_bits = 0;
    MessageKey key{};
    std::uint64_t seq = 0;
    Time time{};
};

// Appends the readings of a frame to `out`: values name to number or null, quality name to reason for what is
// not good. Numbers are the shortest text that reads back to the same double. No allocation beyond `out`.
void append_readings_json(const PayloadHead& head, const Frame& frame, std::string& out);

std::string device_state_json(const PayloadHead& head, const DeviceModel& device, const DeviceState& state);
std::string battery_state_json(const PayloadHead& head, const SiteModel& model, const BatteryState& state);
std::string string_state_json(const PayloadHead& head, const SiteModel& model, const StringState& state);
std::string ups_state_json(const PayloadHead& head, const SiteModel& model, const UpsState& state);
std::string alert_json(const PayloadHead& head, const AlertChange& change);
std::string site_json(const PayloadHead& head, const SiteModel& model);

}  // namespace sitepower
