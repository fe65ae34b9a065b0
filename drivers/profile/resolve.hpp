// From a point as a profile describes it to registers that can be read and decoded: defaults filled in, scale
// factors and conditions found. Pure; used by place.cpp and where a device is identified.
#pragma once

#include <vector>

#include "drivers/modbus/register_map.hpp"
#include "drivers/profile/profile.hpp"

namespace sitepower {

// A type of a profile as the decoder knows it.
modbus::ValueType value_type(PointType type);

class Resolver {
  public:
    // The profile must outlive it.
    explicit Resolver(const Profile& profile) : profile_(profile) {}

    // The value of a point whose element starts at `address`; siblings: the points beside it.
    modbus::RegisterPoint value(const ProfilePoint& point, const std::vector<ProfilePoint>& siblings,
                                int address) const;
    modbus::RegisterPoint flag(const ProfilePoint& point, const ProfileBit& flag, int address) const;
    modbus::RegisterPoint state(const ProfilePoint& point, const ProfileState& state, int address) const;
    // A boolean that is 1 while the condition of the point holds.
    modbus::RegisterPoint condition(const ProfilePoint& point, int address) const;
    modbus::RegisterPoint probe(const ProfileProbe& probe) const;

    modbus::Table table_of(const ProfilePoint& point) const;
    // The point that scales this one, or nullptr: of the same element before one outside of groups.
    const ProfilePoint* factor_of(const ProfilePoint& point, const std::vector<ProfilePoint>& siblings) const;

  private:
    modbus::RegisterPoint common(const ProfilePoint& point, int address) const;
    std::vector<std::uint64_t> sentinels(const ProfilePoint& point) const;
    void add_factor(const ProfilePoint& point, const std::vector<ProfilePoint>& siblings, int address,
                    modbus::RegisterPoint& registers) const;

    const Profile& profile_;
};

}  // namespace sitepower
