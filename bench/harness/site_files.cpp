#include "bench/harness/site_files.hpp"

#include <fmt/format.h>

#include <fstream>

namespace sitepower::bench {
namespace {

constexpr const char* profile_id = "bench";

struct PointLine {
    std::string name;
    std::string unit;
    int address = 0;
    const char* type = "u16";
    double scale = 1;
};

std::vector<PointLine> points_of(ImageKind image) {
    if (image == ImageKind::jar) {
        return {{"jar.voltage_v", "V", 0, "u16", 0.001},
                {"jar.current_a", "A", 1, "s16", 0.01},
                {"jar.temperature_c", "Cel", 2, "s16", 0.1},
                {"jar.internal_resistance_ohm", "Ohm", 3, "u16", 0.000001},
                {"jar.soc_pct", "%", 4, "u16", 0.1},
                {"jar.soh_pct", "%", 5, "u16", 0.1}};
    }
    std::vector<PointLine> points{{"stamp", "", 0, "u32", 1}, {"counter", "", 2, "u32", 1}};
    for (int address = 4; address < stamped_registers; ++address) {
        points.push_back({fmt::format("jar{:03}.voltage_v", address), "V", address, "u16", 0.001});
    }
    return points;
}

void write_profile(const SiteFiles& site, const std::filesystem::path& file) {
    std::ofstream out(file);
    out << fmt::format(
        "schema = 1\nid = \"{}\"\nkind = \"{}\"\nmanufacturer = \"sitepower\"\nmodels = [\"BENCH\"]\n"
        "[timing]\nresponse_timeout_ms = {}\n[poll_ms]\nall = {}\n",
        profile_id, site.image == ImageKind::jar ? "battery_monitor" : "other", site.response_timeout.count(),
        site.period.count());
    for (const auto& point : points_of(site.image)) {
        out << fmt::format(
            "[[points]]\nname = \"{}\"\nunit = \"{}\"\naddress = {}\ntype = \"{}\"\nscale = {}\n", point.name,
            point.unit, point.address, point.type, point.scale);
    }
    out << site.more_points;
}

std::string broker_table(const SiteFiles& site) {
    std::string text = fmt::format("[broker]\naddresses = [\"localhost:{}\"]\n", site.broker_port);
    if (!site.ca_file.empty()) {
        text += fmt::format("[broker.tls]\nenabled = true\nca_file = \"{}\"\n", site.ca_file.string());
    }
    return text;
}

std::string string_table(int bus, int units) {
    std::string text = fmt::format(
        "[[string]]\nid = \"STR-{0}\"\nchemistry = \"vrla\"\nnominal_voltage_v = 12\nnominal_capacity_ah = "
        "100\n"
        "current = \"{1}/jar.current_a\"\nambient = \"{1}/jar.temperature_c\"\n",
        bus, device_id(bus, 1));
    for (int unit = 1; unit <= units; ++unit) {
        text += fmt::format("[[string.battery]]\nid = \"BAT-{}-{:02}\"\ndevice = \"{}\"\npoints = \"jar\"\n",
                            bus, unit, device_id(bus, unit));
    }
    return text;
}

std::string bus_tables(const SiteFiles& site, int bus) {
    std::string text =
        fmt::format("[[bus]]\nid = \"BUS-{}\"\ntype = \"tcp\"\nhost = \"127.0.0.1\"\nport = {}\n", bus,
                    site.ports[static_cast<std::size_t>(bus) - 1]);
    for (int unit = 1; unit <= site.units_per_bus; ++unit) {
        text += fmt::format("[[device]]\nid = \"{}\"\nprofile = \"{}\"\nbus = \"BUS-{}\"\nunit = {}\n",
                            device_id(bus, unit), profile_id, bus, unit);
    }
    return text + (site.image == ImageKind::jar ? string_table(bus, site.units_per_bus) : "");
}

}  // namespace

std::string device_id(int bus, int unit) {
    return fmt::format("DEV-{}-{:02}", bus, unit);
}

std::filesystem::path write_site(const SiteFiles& site, const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory / "devices");
    std::filesystem::create_directories(directory / "state");
    write_profile(site, directory / "devices" / fmt::format("{}.toml", profile_id));
    std::ofstream out(directory / "sitepower.toml");
    out << fmt::format("[site]\nid = \"{}\"\n[store]\ndirectory = \"{}\"\n[http]\nsocket = \"{}\"\n", site_id,
                       (directory / "state").string(), (directory / "api.sock").string())
        << broker_table(site);
    for (int bus = 1; bus <= static_cast<int>(site.ports.size()); ++bus) {
        out << bus_tables(site, bus);
    }
    out << site.more;
    return directory / "sitepower.toml";
}

}  // namespace sitepower::bench
