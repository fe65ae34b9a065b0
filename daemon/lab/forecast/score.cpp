#include "daemon/lab/forecast/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "daemon/lab/forecast/learn_prior.hpp"
#include "daemon/lab/forecast/score_load.hpp"
#include "daemon/lab/forecast/score_m4.hpp"
#include "daemon/lab/forecast/score_nab.hpp"
#include "daemon/lab/forecast/score_price.hpp"
#include "daemon/lab/forecast/score_service.hpp"

namespace sitepower::lab {
namespace {

std::vector<const SeriesFile*> of(const std::vector<SeriesFile>& files, SeriesLayout layout) {
    std::vector<const SeriesFile*> found;
    for (const auto& file : files) {
        if (file.layout == layout) found.push_back(&file);
    }
    return found;
}

std::vector<std::filesystem::path> paths_of(const std::vector<SeriesFile>& files,
                                            std::initializer_list<SeriesLayout> layouts) {
    std::vector<std::filesystem::path> paths;
    for (const auto& file : files) {
        if (std::ranges::find(layouts, file.layout) != layouts.end()) paths.push_back(file.path);
    }
    return paths;
}

std::size_t longest_series(const SeriesFile& file) {
    std::size_t longest = 0;
    for (const auto& values : file.values) longest = std::max(longest, values.size());
    return longest;
}

// Two files without a header are a training and a test part; the training part has the longer series.
std::vector<M4Series> m4_of(const std::vector<SeriesFile>& files) {
    auto found = of(files, SeriesLayout::m4);
    if (found.size() != 2) return {};
    std::ranges::sort(found, std::ranges::greater(),
                      [](const SeriesFile* file) { return longest_series(*file); });
    return match_m4(*found[0], *found[1]);
}

// Windows of NAB series lie beside them, in labels.csv.
Status add_labels(std::vector<SeriesFile>& files) {
    std::set<std::filesystem::path> paths;
    for (const auto& file : files) {
        if (file.layout == SeriesLayout::nab) paths.insert(file.path.parent_path() / "labels.csv");
    }
    for (const auto& file : files) paths.erase(file.path);
    for (const auto& path : paths) {
        if (std::error_code error; !std::filesystem::exists(path, error)) continue;
        auto labels = read_series_file(path);
        if (!labels) return labels.error();
        files.push_back(std::move(*labels));
    }
    return Done{};
}

}  // namespace

ExitCode score(const ScoreOptions& options, Report& report) {
    auto files = read_data_sets(options.data_sets);
    if (!files) {
        fmt::print(stderr, "sitepower-lab: {}\n", files.error().message);
        return ExitCode::failed;
    }
    if (const auto added = add_labels(*files); !added) {
        fmt::print(stderr, "sitepower-lab: {}\n", added.error().message);
        return ExitCode::failed;
    }
    std::shared_ptr<const forecast::PriorLibrary> prior;
    if (!options.prior.empty()) {
        auto read = read_prior(options.prior);
        if (!read) {
            fmt::print(stderr, "sitepower-lab: {}\n", read.error().message);
            return ExitCode::failed;
        }
        prior = *read;
    }
    if (const auto series = m4_of(*files); !series.empty()) {
        score_m4(series, prior, report);
        if (options.rolling) score_m4_safeguard(series, prior, report);
    }
    score_services(of(*files, SeriesLayout::service), report);
    score_nab(of(*files, SeriesLayout::nab), of(*files, SeriesLayout::nab_labels), report);
    score_price(paths_of(*files, {SeriesLayout::price, SeriesLayout::price_peers}), report);
    score_load(paths_of(*files, {SeriesLayout::load}), report);
    if (report.figures() == 0) {
        fmt::print(stderr,
                   "sitepower-lab: nothing here can be scored; give the M4 train and test files, service "
                   "metrics, NAB series, prices or loads\n");
        return ExitCode::failed;
    }
    return report.failed() == 0 ? ExitCode::fine : ExitCode::failed;
}

}  // namespace sitepower::lab
