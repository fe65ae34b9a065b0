#include "daemon/lab/score/score.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>

#include "daemon/config/shipped.hpp"
#include "daemon/lab/score/fleet.hpp"
#include "daemon/lab/score/score_life.hpp"
#include "daemon/lab/score/series.hpp"
#include "drivers/dataset/csv.hpp"

namespace sitepower::lab {

namespace fs = std::filesystem;

namespace {

struct Arguments {
    std::vector<std::string> datasets;
    std::vector<std::string> batteries{"/etc/sitepower/batteries", config::shipped("batteries").string()};
    fs::path libraries = config::shipped("fade");
    bool fleet = false;
};

constexpr const char* known_layouts =
    "expected t_s,voltage_v,current_a[,temp_c],ah (Li-ion cycle or, named pb_*, lead-acid discharge), "
    "t_s,step,voltage_v,current_a,charge_ah,discharge_ah (CALCE), or a cap_* file of capacities";

struct Sorted {
    std::vector<fs::path> soc;
    std::vector<fs::path> lead_acid;
    std::vector<fs::path> life;
    bool all_known = true;
};

Sorted sort(const std::vector<fs::path>& files) {
    Sorted sorted;
    for (const auto& file : files) {
        std::ifstream in(file);
        std::string header;
        std::getline(in, header);
        switch (dataset_kind(header, file.stem().string())) {
            case DatasetKind::soc:
                sorted.soc.push_back(file);
                break;
            case DatasetKind::lead_acid:
                sorted.lead_acid.push_back(file);
                break;
            case DatasetKind::life:
                sorted.life.push_back(file);
                break;
            case DatasetKind::unknown:
                fmt::print(stderr, "{}:1: unknown layout: {}\n", file.string(), known_layouts);
                sorted.all_known = false;
        }
    }
    return sorted;
}

ExitCode score(const Arguments& arguments, Report& report) {
    if (arguments.datasets.empty() && !arguments.fleet) {
        fmt::print(stderr, "score: name at least one data set, or --fleet\n");
        return ExitCode::usage;
    }
    const auto files = dataset::csv_files(arguments.datasets);
    if (!files) {
        fmt::print(stderr, "{}\n", files.error().message);
        return ExitCode::failed;
    }
    const Sorted sorted = sort(*files);
    schema::Diagnostics diagnostics;
    config::BatteryShelf batteries(arguments.batteries, diagnostics);
    bool fine = sorted.all_known;
    if (!sorted.soc.empty()) fine = score_soc(sorted.soc, batteries, report) && fine;
    if (!sorted.lead_acid.empty()) fine = score_lead_acid(sorted.lead_acid, batteries, report) && fine;
    if (!sorted.life.empty()) score_life(sorted.life, arguments.libraries, report);
    if (arguments.fleet) score_fleet(report);
    for (const auto& diagnostic : diagnostics.sorted()) {
        fmt::print(stderr, "{}\n", schema::to_string(diagnostic));
    }
    return fine && diagnostics.empty() && report.failed() == 0 ? ExitCode::fine : ExitCode::failed;
}

}  // namespace

DatasetKind dataset_kind(const std::string& header, const std::string& name) {
    const auto has = [&](std::string_view column) {
        return ("," + header + ",").find("," + std::string(column) + ",") != std::string::npos ||
               ("," + header).find("," + std::string(column) + "\r") != std::string::npos;
    };
    if (has("t_s") && has("voltage_v") && has("current_a")) {
        if (name.starts_with("pb_")) return DatasetKind::lead_acid;
        return has("ah") || (has("charge_ah") && has("discharge_ah")) ? DatasetKind::soc
                                                                      : DatasetKind::unknown;
    }
    return has("cycle") && has("capacity_ah") ? DatasetKind::life : DatasetKind::unknown;
}

Run describe_score(CLI::App& command) {
    const auto arguments = std::make_shared<Arguments>();
    command.add_option("DATASET", arguments->datasets, "CSV files, or directories of them");
    command.add_flag("--fleet", arguments->fleet, "a simulated fleet of lead-acid jars on float, too");
    command
        .add_option("--library", arguments->libraries,
                    "directory of fade libraries, instead of the shipped one")
        ->check(CLI::ExistingDirectory);
    command.add_option("--batteries", arguments->batteries,
                       "directories of battery files; the first that has one wins");
    return [arguments](Report& report) { return score(*arguments, report); };
}

}  // namespace sitepower::lab
