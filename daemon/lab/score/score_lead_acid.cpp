// State of charge and remaining time over recorded discharges of lead-acid blocks.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "daemon/lab/score/cases.hpp"
#include "daemon/lab/score/score.hpp"

namespace sitepower::lab {

namespace fs = std::filesystem;

namespace {

constexpr std::array<double, 5> passed{0.1, 0.3, 0.5, 0.7, 0.9};

Result<Series> read_series(const fs::path& file, config::BatteryShelf& batteries) {
    const std::string name = file.stem().string();
    const SeriesKind* kind = series_kind(name);
    const std::string battery = kind != nullptr ? std::string(kind->battery) : "vrla-12v";
    auto model = batteries.find(battery, {.file = file.string()});
    if (!model) return Error{ErrorCode::not_found, file.string() + ": has no battery file", ""};
    auto csv = dataset::read_csv(file);
    if (!csv) return csv.error();
    return lead_acid_series(*csv, name, std::move(model));
}

struct Pooled {
    double rmse = 0;
    double worst_runtime = 0;  // from 30 % on
    int files = 0;
    ErrorSums errors;
};

void add_runtime(const Series& series, Pooled& pooled, Report& report) {
    const auto errors = score_runtime(series, passed);
    for (std::size_t i = 0; i < passed.size(); ++i) {
        report.add({fmt::format("soc.{}.runtime_error.{:.0f}_pct", series.name, 100 * passed[i]), errors[i],
                    "% of total"});
        const double size = std::isfinite(errors[i]) ? std::abs(errors[i]) : 100;
        if (passed[i] >= 0.3) pooled.worst_runtime = std::max(pooled.worst_runtime, size);
    }
}

void add_file(const Series& series, Pooled& pooled, Report& report) {
    for (const SocCase which : soc_cases) {
        const CaseScore score = score_case(series, which);
        const std::string prefix = fmt::format("soc.{}.{}.", series.name, to_string(which));
        report.add({prefix + "rmse", score.errors.rmse(), "%"});
        report.add({prefix + "max", score.errors.largest(), "%"});
        report.add({prefix + "cover_80", score.errors.cover_80(), ""});
        if (which == SocCase::right_start) pooled.rmse += score.errors.rmse();
        pooled.errors.add(score.errors);
    }
    ++pooled.files;
    add_runtime(series, pooled, report);
}

}  // namespace

bool score_lead_acid(const std::vector<fs::path>& files, config::BatteryShelf& batteries, Report& report) {
    bool fine = true;
    Pooled pooled;
    for (const auto& file : files) {
        const auto series = read_series(file, batteries);
        if (series) {
            add_file(*series, pooled, report);
        } else {
            fmt::print(stderr, "{}\n", series.error().message);
            fine = false;
        }
    }
    if (pooled.files == 0) return fine;
    report.add({"soc.lead_acid.A.rmse", pooled.rmse / pooled.files, "%", at_most(0.6)});
    report.add({"soc.lead_acid.runtime_error.worst", pooled.worst_runtime, "% of total", at_most(2)});
    report.add({"soc.lead_acid.cover_80", pooled.errors.cover_80(), ""});
    report.add({"soc.lead_acid.cover_95", pooled.errors.cover_95(), ""});
    return fine;
}

}  // namespace sitepower::lab
