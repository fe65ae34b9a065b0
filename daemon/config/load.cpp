#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <system_error>
#include <utility>

#include "daemon/config/build.hpp"
#include "daemon/config/config.hpp"
#include "daemon/config/fingerprint.hpp"
#include "daemon/config/load.hpp"
#include "daemon/config/sunspec_shelf.hpp"
#include "daemon/config/tables.hpp"

namespace sitepower::config {

namespace fs = std::filesystem;
using schema::Diagnostics;
using schema::Node;

ConfigPaths config_paths(const std::string& location, const std::string& shipped_profiles) {
    ConfigPaths paths;
    if (!location.empty()) {
        std::error_code error;
        const fs::path given(location);
        const bool directory = fs::is_directory(given, error);
        const auto base = directory ? given : given.parent_path();
        paths.file = directory ? (given / "sitepower.toml").string() : location;
        paths.conf_d = (base / "conf.d").string();
        paths.profile_directories.front() = (base / "devices").string();
        paths.battery_directories.front() = (base / "batteries").string();
        paths.fade_directories.front() = (base / "fade").string();
    }
    if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY"))
        paths.credentials_directory = credentials;
    if (!shipped_profiles.empty()) {
        paths.profile_directories.back() = shipped_profiles;
        const fs::path shipped = fs::path(shipped_profiles).parent_path();
        paths.battery_directories.back() = (shipped / "batteries").string();
        paths.fade_directories.back() = (shipped / "fade").string();
    }
    return paths;
}

namespace {

std::vector<std::string> files_of(const std::string& conf_d) {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(conf_d, error)) {
        if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

// All files that can be read, merged. nullopt when not even the first can.
std::optional<Node> read_files(const ConfigPaths& paths, Diagnostics& diagnostics) {
    auto document = schema::read_document(paths.file, diagnostics);
    for (const auto& path : files_of(paths.conf_d)) {
        auto more = schema::read_document(path, diagnostics);
        if (document && more) schema::merge(*document, std::move(*more), diagnostics);
    }
    return document;
}

// Of the parts of the document that have these names.
Fingerprint print(const Node& document, std::initializer_list<const char*> names) {
    Fingerprint result;
    for (const auto* name : names) {
        const auto* part = document.find(name);
        result.add(part ? schema::canonical_text(*part) : "");
    }
    return result;
}

// kinds: of all device profiles, battery files and fade libraries that are in use.
Fingerprints fingerprints(const Node& document, const Config& config, std::uint64_t kinds) {
    auto model = print(document, {"site", "location", "device", "ups", "string"});
    model.add(kinds);
    for (const auto& device : config.model->devices) model.add(device.id);
    auto publisher = print(document, {"broker", "requests"});
    auto forecasts = print(document, {"forecast", "series"});
    for (const auto& series : config.forecasts.series) forecasts.add(series.fingerprint);
    // The site's id stands in every topic; its name and environment interrupt nobody.
    publisher.add(config.model->id).add(config.publisher.password);
    for (const auto& metric : config.publisher.metrics) publisher.add(metric);
    for (const auto& inbound : config.publisher.inbound) publisher.add(inbound.topic);
    auto prices = print(document, {"price", "location"});
    for (const auto& price : config.prices) {
        if (const auto* address = std::get_if<PriceAddress>(&price.source)) prices.add(address->key);
    }
    auto dispatch = print(document, {"dispatch", "location"});
    if (config.dispatch) dispatch.add(config.dispatch->load_series).add(config.dispatch->price_series);
    return {.model = model.value(),
            .publisher = publisher.value(),
            .store = print(document, {"store"}).value(),
            .settings = print(document, {"alerts", "engine", "estimation"}).value(),
            .http = print(document, {"http"}).value(),
            .journal = print(document, {"journal"}).value(),
            .prices = prices.value(),
            .dispatch = dispatch.value(),
            .forecasts = forecasts.value(),
            .scaling = print(document, {"scaling"}).value()};
}

// A topic that two things come from is subscribed to once.
void listen(std::vector<InboundTopic>& inbound, const std::string& topic, bool may_be_retained) {
    const auto known = std::ranges::find(inbound, topic, &InboundTopic::topic);
    if (known == inbound.end()) {
        inbound.push_back({.topic = topic, .may_be_retained = may_be_retained});
    } else {
        known->may_be_retained = known->may_be_retained && may_be_retained;
    }
}

bool has_sunspec(const SiteModel& model) {
    return std::ranges::any_of(model.devices,
                               [](const DeviceModel& device) { return device.profile == sunspec_profile; });
}

}  // namespace

std::optional<Config> make_config(const Node& document, const ConfigPaths& paths, Diagnostics& diagnostics,
                                  const SiteModel* running) {
    static const auto table = site_file_table();
    const auto file = table.read(document, diagnostics);
    Config config;
    SiteModel model;
    model.id = file.site.id;
    model.name = file.site.name;
    build_locations(file, model, diagnostics);
    config.buses = build_buses(file, diagnostics);
    ProfileShelf profiles(paths.profile_directories, diagnostics);
    config.store = build_store(file);
    SunspecShelf sunspec(paths.profile_directories, config.store.directory, diagnostics);
    build_devices(file, document, profiles, sunspec, running, model, config.buses, config.commands,
                  diagnostics);
    BatteryShelf batteries(paths.battery_directories, diagnostics);
    FadeShelf fades(paths.fade_directories, diagnostics);
    build_batteries(file, batteries, fades, model, diagnostics);
    config.publisher = build_publisher(file, paths.credentials_directory, diagnostics);
    config.settings = build_settings(file, diagnostics);
    const auto zones = build_time_zones(file, paths.time_zone_directory, model, diagnostics);
    config.prices = build_prices(file, paths, zones, model, diagnostics);
    config.dispatch = build_dispatch(file, config.prices, zones, model, diagnostics);
    config.control =
        build_control(file, config.dispatch.get(), model, config.buses, config.commands, diagnostics);
    config.forecasts = build_forecasts(file, config.prices, zones, model, diagnostics);
    for (const auto& series : config.forecasts.series) {
        auto& metrics = config.publisher.metrics;
        const auto subscribe = [&](const std::string& metric) {
            const bool known = std::ranges::find(metrics, metric) != metrics.end();
            if (!metric.empty() && !known) metrics.push_back(metric);
        };
        subscribe(series.metric);
        for (const auto& source : series.covariate_sources) subscribe(source.metric);
    }
    for (const auto& price : config.prices) {
        if (const auto* topic = std::get_if<PriceTopic>(&price.source))
            listen(config.publisher.inbound, topic->topic, !topic->form.time.empty());
    }
    const auto root = config.publisher.topic_prefix + "/" + model.id + "/";
    if (config.dispatch) {
        for (const auto& load_class : config.dispatch->load_classes) {
            if (load_class.bids_by_topic)
                listen(config.publisher.inbound, root + "bid/" + load_class.id, false);
        }
    }
    if (config.control) {
        for (const auto& cap : config.control->caps)
            listen(config.publisher.inbound, root + "command/" + cap.actuator.topic + "/ack", false);
    }
    config.scaling = build_scaling(file, model, config, diagnostics);
    config.environment = file.site.environment;
    config.http_socket = file.http.socket;
    config.journal_level = file.journal.level;
    if (paths.checked_at) {
        check_present(file, *paths.checked_at, diagnostics);
        profiles.check_names();
    }
    if (!diagnostics.empty()) return std::nullopt;
    config.sunspec_left_out = sunspec.left_out();
    config.model = std::make_shared<const SiteModel>(std::move(model));
    const auto kinds = Fingerprint()
                           .add(profiles.fingerprint())
                           .add(sunspec.fingerprint())
                           .add(batteries.fingerprint())
                           .add(fades.fingerprint())
                           .value();
    config.fingerprints = fingerprints(document, config, kinds);
    return config;
}

std::optional<Config> load_config(const ConfigPaths& paths, Diagnostics& diagnostics,
                                  const SiteModel* running) {
    auto document = read_files(paths, diagnostics);
    if (!document) return std::nullopt;
    auto config = make_config(*document, paths, diagnostics, running);
    if (config && has_sunspec(*config->model))
        config->document = std::make_shared<const Node>(std::move(*document));
    return config;
}

std::optional<Config> with_what_devices_told(const Config& running, const ConfigPaths& paths,
                                             Diagnostics& diagnostics) {
    if (!running.document) return std::nullopt;
    auto config = make_config(*running.document, paths, diagnostics, running.model.get());
    if (config) config->document = running.document;
    return config;
}

}  // namespace sitepower::config
