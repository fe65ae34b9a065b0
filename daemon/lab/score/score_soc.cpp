// The state of charge over recorded Li-ion cycles, in the cases of cases.hpp.
#include <fmt/format.h>

#include <array>
#include <map>

#include "daemon/lab/score/cases.hpp"
#include "daemon/lab/score/score.hpp"

namespace sitepower::lab {

namespace fs = std::filesystem;

namespace {

struct Scored {
    Series series;
    std::array<CaseScore, soc_cases.size()> cases;
};

// Pulses and C/20 sweeps are what a model is identified on; they are no way of using a battery.
bool is_for_identification(std::string_view name) {
    return name.find("C20_OCV") != std::string_view::npos || name.find("HPPC") != std::string_view::npos;
}

Result<Series> read_series(const fs::path& file, config::BatteryShelf& batteries) {
    const std::string name = file.stem().string();
    const SeriesKind* kind = series_kind(name);
    if (kind == nullptr) {
        return Error{ErrorCode::validation_error,
                     file.string() + ": the name tells no known battery (18650pf, 18650_20r, lfp)", ""};
    }
    auto model = batteries.find(std::string(kind->battery), {.file = file.string()});
    if (!model) return Error{ErrorCode::not_found, file.string() + ": has no battery file", ""};
    auto csv = dataset::read_csv(file);
    if (!csv) return csv.error();
    return soc_series(*csv, name, std::move(model));
}

std::string percent_name(const Scored& scored, SocCase which, std::string_view what) {
    return fmt::format("soc.{}.{}.{}", scored.series.name, to_string(which), what);
}

void add_file(const Scored& scored, Report& report) {
    for (const SocCase which : soc_cases) {
        const CaseScore& score = scored.cases[static_cast<std::size_t>(which)];
        report.add({percent_name(scored, which, "rmse"), score.errors.rmse(), "%"});
        report.add({percent_name(scored, which, "mae"), score.errors.mae(), "%"});
        report.add({percent_name(scored, which, "max"), score.errors.largest(), "%"});
        report.add({percent_name(scored, which, "cover_80"), score.errors.cover_80(), ""});
        report.add({percent_name(scored, which, "cover_95"), score.errors.cover_95(), ""});
        if (which == SocCase::wrong_start || which == SocCase::current_offset) {
            report.add({percent_name(scored, which, "time_to_5_pct"), score.seconds_to_5_pct, "s"});
        }
    }
}

// Of several files: each counts the same, however long it is; the largest error is the largest of all.
class CaseMean {
  public:
    explicit CaseMean(SocCase which) : which_(static_cast<std::size_t>(which)) {}

    void add(const Scored& scored) {
        const CaseScore& score = scored.cases[which_];
        rmse_ += score.errors.rmse();
        mae_ += score.errors.mae();
        largest_ = std::max(largest_, score.errors.largest());
        slowest_s_ = std::max(slowest_s_, score.seconds_to_5_pct);
        ++files_;
    }
    bool empty() const { return files_ == 0; }
    double rmse() const { return rmse_ / files_; }
    double mae() const { return mae_ / files_; }
    double largest() const { return largest_; }
    double slowest_s() const { return slowest_s_; }

  private:
    std::size_t which_;
    double rmse_ = 0;
    double mae_ = 0;
    double largest_ = 0;
    double slowest_s_ = 0;
    int files_ = 0;
};

template <class Wanted>
CaseMean mean_of(const std::vector<Scored>& all, SocCase which, Wanted wanted) {
    CaseMean mean(which);
    for (const auto& scored : all) {
        if (wanted(scored.series)) mean.add(scored);
    }
    return mean;
}

auto panasonic_at(int chamber_c) {
    return [chamber_c](const Series& series) {
        return series.battery == "18650pf" && series.chamber_c == chamber_c;
    };
}

void add_panasonic(const std::vector<Scored>& all, Report& report) {
    if (const CaseMean right = mean_of(all, SocCase::right_start, panasonic_at(25)); !right.empty()) {
        report.add({"soc.18650pf.25c.A.mae", right.mae(), "%", at_most(0.30)});
        report.add({"soc.18650pf.25c.A.rmse", right.rmse(), "%", at_most(0.35)});
        report.add({"soc.18650pf.25c.A.max", right.largest(), "%", at_most(1.0)});
        const CaseMean wrong = mean_of(all, SocCase::wrong_start, panasonic_at(25));
        report.add({"soc.18650pf.25c.B.time_to_5_pct", wrong.slowest_s(), "s", at_most(30)});
        report.add({"soc.18650pf.25c.B.rmse", wrong.rmse(), "%", at_most(0.4)});
    }
    if (const CaseMean cool = mean_of(all, SocCase::right_start, panasonic_at(10)); !cool.empty()) {
        report.add({"soc.18650pf.10c.A.rmse", cool.rmse(), "%", at_most(0.45)});
    }
    if (const CaseMean cold = mean_of(all, SocCase::right_start, panasonic_at(0)); !cold.empty()) {
        report.add({"soc.18650pf.0c.A.rmse", cold.rmse(), "%", at_most(0.70)});
    }
}

void add_pooled(const std::vector<Scored>& all, Report& report) {
    const auto any = [](const Series&) { return true; };
    const auto samsung = [](const Series& series) { return series.battery == "18650_20r"; };
    add_panasonic(all, report);
    if (const CaseMean right = mean_of(all, SocCase::right_start, samsung); !right.empty()) {
        report.add({"soc.18650_20r.A.rmse", right.rmse(), "%", at_most(0.30)});
    }
    const auto flat = [](const Series& series) { return series.battery == "lfp"; };
    if (const CaseMean right = mean_of(all, SocCase::right_start, flat); !right.empty()) {
        report.add({"soc.lfp.A.rmse", right.rmse(), "%"});
    }
    ErrorSums pooled;
    for (const SocCase which : soc_cases) {
        ErrorSums sums;
        for (const auto& scored : all) sums.add(scored.cases[static_cast<std::size_t>(which)].errors);
        const CaseMean mean = mean_of(all, which, any);
        const std::string prefix = fmt::format("soc.all.{}.", to_string(which));
        const auto goal = which == SocCase::current_offset ? std::optional(at_most(0.6)) : std::nullopt;
        report.add({prefix + "rmse", mean.rmse(), "%", goal});
        report.add({prefix + "max", mean.largest(), "%"});
        report.add({prefix + "cover_80", sums.cover_80(), ""});
        report.add({prefix + "cover_95", sums.cover_95(), ""});
        pooled.add(sums);
    }
    report.add({"soc.all.unknown", pooled.unknown_share(), ""});
    report.add({"soc.all.cover_80", pooled.cover_80(), "", at_least(0.78)});
    report.add({"soc.all.cover_80.upper", pooled.cover_80(), "", at_most(0.88)});
    report.add({"soc.all.cover_95", pooled.cover_95(), ""});
}

}  // namespace

bool score_soc(const std::vector<fs::path>& files, config::BatteryShelf& batteries, Report& report) {
    bool fine = true;
    std::vector<Scored> all;
    for (const auto& file : files) {
        if (is_for_identification(file.stem().string())) {
            report.progress(file.stem().string() + ": for identification, not scored");
            continue;
        }
        auto series = read_series(file, batteries);
        if (!series) {
            fmt::print(stderr, "{}\n", series.error().message);
            fine = false;
            continue;
        }
        auto& scored = all.emplace_back(Scored{std::move(*series), {}});
        for (const SocCase which : soc_cases) {
            scored.cases[static_cast<std::size_t>(which)] = score_case(scored.series, which);
        }
        add_file(scored, report);
        scored.series.samples = {};
    }
    if (!all.empty()) add_pooled(all, report);
    return fine;
}

}  // namespace sitepower::lab
