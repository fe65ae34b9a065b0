// Models for the tests of core/site, built point by point.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/site/model.hpp"

namespace sitepower {

// A device whose points are added one at a time; finish() makes one layout of all points since the last one.
class DeviceBuilder {
  public:
    explicit DeviceBuilder(SiteModel& model, std::string id, DeviceKind kind = DeviceKind::battery_monitor)
        : model_(model), index_(static_cast<DeviceIndex>(model.devices.size())) {
        model.devices.push_back({});
        model.devices.back().id = std::move(id);
        model.devices.back().kind = kind;
    }

    PointRef point(const std::string& name, const std::string& unit = "") {
        auto& points = device().points;
        points.push_back({name, unit});
        return {index_, static_cast<std::uint32_t>(points.size() - 1)};
    }

    std::shared_ptr<const Layout> finish(Duration period, const std::string& group = "fast",
                                         Duration max_age = {}) {
        auto layout = std::make_shared<Layout>();
        layout->device = device().id;
        layout->device_index = index_;
        layout->group = group;
        layout->period = period;
        layout->max_age = max_age;
        layout->first_slot = done_;
        for (; done_ < device().points.size(); ++done_) {
            layout->points.push_back({device().points[done_].name, device().points[done_].unit});
        }
        device().layouts.push_back(layout);
        return layout;
    }

  private:
    DeviceModel& device() { return model_.devices[position(index_)]; }

    SiteModel& model_;
    DeviceIndex index_;
    std::uint32_t done_ = 0;
};

inline std::shared_ptr<Frame> make_frame(std::shared_ptr<const Layout> layout, Time time,
                                         std::vector<double> values) {
    auto frame = std::make_shared<Frame>();
    frame->quality.assign(values.size(), Quality::good);
    frame->layout = std::move(layout);
    frame->time = time;
    frame->values = std::move(values);
    return frame;
}

}  // namespace sitepower
