#include "daemon/lab/forecast/learn_prior.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>

#include "core/forecast/transform.hpp"

namespace sitepower::lab {
namespace {

using namespace forecast;

constexpr std::size_t prior_horizon = 48;

struct Learnt {
    std::vector<WindowSums> transformed;
    std::vector<WindowSums> raw;
};

WindowSums sums_of(std::span<const double> values, std::span<const std::uint8_t> learnable) {
    const Seasons seasons;
    const WindowShape shape = window_shape(seasons, prior_horizon);
    const History history{.values = values, .learnable = learnable, .slots = {}, .seasons = seasons};
    WindowSums sums(shape);
    WindowReader(shape).add(history, values.size(), window_scale(history), sums);
    return sums;
}

void add_series(std::vector<double> values, std::span<const std::uint8_t> learnable, Learnt& learnt) {
    learnt.raw.push_back(sums_of(values, learnable));
    const bool non_negative = std::ranges::all_of(values, [](double value) { return value >= 0; });
    const auto transform = Transform::fitted(non_negative ? Domain::log : Domain::asinh, values);
    for (double& value : values) value = transform.forward(value);
    learnt.transformed.push_back(sums_of(values, learnable));
}

void add_column(const SeriesFile& file, std::size_t column, Learnt& learnt) {
    const auto observations = observations_of(file, column);
    if (!observations) return;
    const bool percent = file.header[column + 1].ends_with("percent");
    auto grid = to_grid(*observations, one_hour, Aggregation::mean, percent ? 0 : -1e300);
    if (!grid) return;
    interpolate_gaps(*grid);
    std::vector<std::uint8_t> learnable;
    for (std::size_t i = 0; i < grid->size(); ++i) {
        learnable.push_back(grid->flags[i] == SampleFlag::observed ? 1 : 0);
        if (!std::isfinite(grid->values[i])) grid->values[i] = 0;
    }
    add_series(grid->values, learnable, learnt);
}

}  // namespace

Result<PriorLibrary> learn_prior(const std::vector<SeriesFile>& files, const PriorLearning& how) {
    Learnt learnt;
    std::map<std::string_view, std::span<const double>> longest;
    for (const auto& file : files) {
        if (file.layout == SeriesLayout::nab_labels || file.layout == SeriesLayout::price_peers) continue;
        if (file.layout == SeriesLayout::m4) {
            for (std::size_t i = 0; i < file.values.size(); ++i) {
                auto& kept = longest[file.first_column[i]];
                if (file.values[i].size() > kept.size()) kept = file.values[i];
            }
            continue;
        }
        for (std::size_t column = 0; column < file.values.size(); ++column) add_column(file, column, learnt);
    }
    for (const auto& [id, values] : longest) {
        const std::vector<std::uint8_t> learnable(values.size(), 1);
        add_series({values.begin(), values.end()}, learnable, learnt);
    }
    PriorLibrary library{.shape = window_shape(Seasons{}, prior_horizon),
                         .transformed = learn_priors(learnt.transformed, how),
                         .raw = learn_priors(learnt.raw, how)};
    if (library.transformed.empty() || library.raw.empty()) {
        return Error{.code = ErrorCode::insufficient_data,
                     .message = "no series has ten days of hourly values; a prior needs at least one",
                     .detail = {}};
    }
    return library;
}

Status write_prior(const PriorLibrary& library, const std::filesystem::path& path) {
    const auto blob = to_blob(library);
    std::ofstream stream(path, std::ios::binary | std::ios::trunc);
    stream.write(reinterpret_cast<const char*>(blob.data()), static_cast<std::streamsize>(blob.size()));
    stream.close();
    if (stream) return Done{};
    return Error{.code = ErrorCode::internal_error,
                 .message = fmt::format("{}: cannot be written", path.string()),
                 .detail = {}};
}

Result<std::shared_ptr<const PriorLibrary>> read_prior(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return Error{.code = ErrorCode::not_found,
                     .message = fmt::format("{}: cannot be opened", path.string()),
                     .detail = {}};
    }
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    auto library = prior_from_blob(std::as_bytes(std::span(text)));
    if (!library) {
        return Error{.code = library.error().code,
                     .message = fmt::format("{}: {}", path.string(), library.error().message),
                     .detail = {}};
    }
    return std::make_shared<const PriorLibrary>(std::move(*library));
}

}  // namespace sitepower::lab
