// Groups of instances that are scaled.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/config/build.hpp"
#include "daemon/config/ids.hpp"
#include "daemon/config/point_finder.hpp"
#include "drivers/profile/command.hpp"

namespace sitepower::config {

using schema::Diagnostics;

namespace {

constexpr std::array quantiles{0.5, 0.9, 0.99};  // what forecasts say

class ScalingBuilder {
  public:
    ScalingBuilder(const SiteFile& file, const Config& config, const SiteModel& model,
                   Diagnostics& diagnostics)
        : file_(file), config_(config), diagnostics_(diagnostics), points_(model, diagnostics) {}

    ScalingGroup group(const ScalingEntry& entry) {
        ScalingGroup group{.rules = static_cast<const dispatch::ScalingRules&>(entry),
                           .lead_time = entry.lead_time,
                           .load_class = entry.load_class,
                           .actuator = {}};
        if (std::ranges::find(quantiles, entry.quantile) == quantiles.end())
            diagnostics_.add(entry.origins.of("quantile"), "must be 0.5, 0.9 or 0.99");
        group.instances = source(entry.instances_point, entry.instances_metric, entry.origins);
        if (!entry.load_class.empty()) check_load_class(entry);
        group.rules.forecast_interval = Duration{0};
        for (const auto& metric : entry.metrics) group.metrics.push_back(measured(metric, group));
        if (entry.actuator) group.actuator = actuator(*entry.actuator, "scaling/" + entry.group);
        return group;
    }

  private:
    NumberSource source(const std::string& point, const std::string& metric, const schema::Origins& origins) {
        if (!metric.empty()) return metric;
        if (point.empty()) return {};
        const auto found =
            points_.resolve(point, origins.of(origins.has("point") ? "point" : "instances_point"));
        return found ? NumberSource(*found) : NumberSource();
    }

    ScaledMetric measured(const ScaledMetricEntry& entry, ScalingGroup& group) {
        ScaledMetric metric{.name = entry.name,
                            .series = entry.series,
                            .measured = {},
                            .capacity_per_instance = entry.capacity_per_instance};
        if (entry.series.empty()) {
            metric.measured = source(entry.point, entry.metric, entry.origins);
            return metric;
        }
        const auto& all = config_.forecasts.series;
        const auto series = std::ranges::find(all, entry.series, &SeriesSettings::id);
        if (series == all.end()) {
            diagnostics_.add(entry.origins.of("series"), fmt::format("no series is called {}", entry.series));
            return metric;
        }
        group.rules.forecast_interval = std::max(group.rules.forecast_interval, series->step);
        // A counter says nothing of the present rate.
        if (!series->metric.empty()) {
            metric.measured = series->metric;
        } else if (series->point && !series->counter) {
            metric.measured = *series->point;
        }
        return metric;
    }

    void check_load_class(const ScalingEntry& entry) {
        const auto* dispatch = file_.dispatch ? &*file_.dispatch : nullptr;
        const bool known = dispatch != nullptr &&
                           std::ranges::find(dispatch->load_classes, entry.load_class, &LoadClassEntry::id) !=
                               dispatch->load_classes.end();
        if (!known) {
            diagnostics_.add(entry.origins.of("load_class"),
                             fmt::format("no load class is called {}", entry.load_class));
        }
    }

    Actuator actuator(const ActuatorEntry& entry, std::string topic) {
        if (entry.mqtt) {
            if (!file_.broker.enabled) {
                diagnostics_.add(entry.origins.of("mqtt"), "needs a broker, and broker.enabled is false");
            }
            return TopicActuator{.topic = std::move(topic), .acknowledge_within = entry.acknowledge_within};
        }
        const auto at = entry.origins.of("command");
        const auto device = points_.device(entry.device, entry.origins.of("device"));
        if (!device) return {};
        const auto found = std::ranges::find_if(config_.commands, [&](const CommandConfig& one) {
            return one.device == *device && one.command.name == entry.command;
        });
        if (found == config_.commands.end()) {
            diagnostics_.add(
                at, fmt::format("the profile of {} has no command \"{}\"", entry.device, entry.command));
        } else if (!found->enabled) {
            diagnostics_.add(at, fmt::format("is not enabled: add \"{}\" to commands of device {}",
                                             entry.command, entry.device));
        } else if (!found->command.value) {
            diagnostics_.add(at, "takes no number");
        }
        return DeviceActuator{.device = *device, .device_id = entry.device, .command = entry.command};
    }

    const SiteFile& file_;
    const Config& config_;
    Diagnostics& diagnostics_;
    PointFinder points_;
};

}  // namespace

std::shared_ptr<const ScalingSettings> build_scaling(const SiteFile& file, const SiteModel& model,
                                                     Config& config, Diagnostics& diagnostics) {
    if (file.scaling.empty()) return nullptr;
    ScalingBuilder builder(file, config, model, diagnostics);
    ScalingSettings settings;
    Ids ids("scaled service", diagnostics);
    for (const auto& entry : file.scaling) {
        ids.add(entry.group, entry.origins.of("id"));
        settings.groups.push_back(builder.group(entry));
    }
    const auto root = config.publisher.topic_prefix + "/" + model.id + "/";
    const auto listen = [&](const NumberSource& source) {
        const auto* metric = std::get_if<std::string>(&source);
        auto& metrics = config.publisher.metrics;
        if (metric != nullptr && std::ranges::find(metrics, *metric) == metrics.end())
            metrics.push_back(*metric);
    };
    for (const auto& group : settings.groups) {
        listen(group.instances);
        for (const auto& metric : group.metrics) listen(metric.measured);
        if (const auto* topic = std::get_if<TopicActuator>(&group.actuator))
            config.publisher.inbound.push_back({.topic = root + "command/" + topic->topic + "/ack"});
    }
    return std::make_shared<const ScalingSettings>(std::move(settings));
}

}  // namespace sitepower::config
