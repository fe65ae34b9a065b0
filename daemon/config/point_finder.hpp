// Resolves the points that the configuration names into slots of devices, and checks that they measure what
// they are used for. Lives only while a configuration is loaded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/site/model.hpp"
#include "daemon/config/ids.hpp"
#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

class PointFinder {
  public:
    // The devices of `model` must not change any more.
    PointFinder(const SiteModel& model, schema::Diagnostics& diagnostics);

    // By its name or its alias. nullopt, silently, where there is no such point.
    std::optional<PointRef> find(DeviceIndex device, std::string_view point) const;
    // "DEVICE/point", whose unit must be `unit`. nullopt for an empty path, and after an error at `at`.
    std::optional<PointRef> resolve(const std::string& path, std::string_view unit,
                                    const schema::Origin& at) const;
    // The same, whatever its unit.
    std::optional<PointRef> resolve(const std::string& path, const schema::Origin& at) const;
    std::optional<DeviceIndex> device(const std::string& id, const schema::Origin& at) const;
    // Adds an error when the point, found otherwise, has another unit.
    bool has_unit(PointRef point, std::string_view unit, const schema::Origin& at) const;

  private:
    const SiteModel& model_;
    schema::Diagnostics& diagnostics_;
    Ids devices_;
    std::vector<std::unordered_map<std::string_view, std::uint32_t>> slots_;  // by DeviceIndex
};

}  // namespace sitepower::config
