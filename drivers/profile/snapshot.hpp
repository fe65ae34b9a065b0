// One look at all points of a device, from registers that were read or captured before: what samples, the
// probe of a real device and a dump have in common. Decodes exactly as a bus does. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/quality.hpp"
#include "drivers/profile/expand.hpp"
#include "drivers/profile/profile.hpp"

namespace sitepower {

// Registers of one device by unit, table and address. Unit -1 is the device's own; the words of a mailbox
// have a number below that, see mailbox_unit.
class RegisterImage {
  public:
    void set(int unit, modbus::Table table, int address, std::uint16_t word) {
        words_[{unit, table, address}] = word;
    }
    std::optional<std::uint16_t> get(int unit, modbus::Table table, int address) const;
    // nullopt when one of them is missing.
    std::optional<std::vector<std::uint16_t>> get(int unit, const modbus::RegisterPoint& point) const;

  private:
    std::map<std::tuple<int, modbus::Table, int>, std::uint16_t> words_;
};

inline constexpr int own_unit = -1;
// The "unit" under which the words of the profile's n-th mailbox stand in an image.
inline constexpr int mailbox_unit(std::size_t n) {
    return -2 - static_cast<int>(n);
}

// The "unit" under which a text of the device's identification stands, as words from address 0 on.
inline constexpr int identity_unit(int object) {
    return -1000 - object;
}

struct SnapshotValue {
    DevicePoint point;
    int unit = own_unit;
    std::vector<std::uint16_t>
        words;  // its own registers; empty for a derived value, and where some are missing
    double value = 0;
    std::string text;                       // of a text; of a datetime, ISO 8601
    Quality quality = Quality::comm_error;  // comm_error: registers are missing
};

// Of a datetime's value: ISO 8601 without the zone, which the device does not tell.
std::string clock_text(double seconds);

// All points: those that are polled in slot order, then texts, then points of mailboxes.
std::vector<SnapshotValue> snapshot(const Profile& profile, const RegisterImage& image);

}  // namespace sitepower
