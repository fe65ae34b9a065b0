#include "daemon/lab/score/score_life.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "daemon/config/shipped.hpp"
#include "daemon/fade/library_file.hpp"
#include "daemon/lab/score/cell_kind.hpp"
#include "daemon/lab/score/life_cells.hpp"

namespace sitepower::lab {
namespace {

constexpr std::array shares{0.3, 0.5, 0.7, 0.9};

struct Mean {
    double sum = 0;
    double count = 0;

    void add(double value) {
        sum += value;
        count += 1;
    }
    double value() const { return count > 0 ? sum / count : 0; }
};

// At one share of life, or over all.
struct Tally {
    Mean error;
    Mean error_of_left;
    Mean linear_error;
    Mean covered;
    Mean width;
    Mean censored;
    Mean prior_only;

    void add(const LifePrediction& prediction) {
        error.add(prediction.error());
        error_of_left.add(prediction.error() * prediction.life / prediction.left);
        linear_error.add(prediction.linear_error());
        covered.add(prediction.covered() ? 1 : 0);
        width.add(prediction.width());
        censored.add(prediction.predicted.censored ? 1 : 0);
        prior_only.add(prediction.predicted.status == EstimateStatus::prior_only ? 1 : 0);
    }
};

// All cells of one kind.
struct KindScore {
    const CellKind* kind = nullptr;
    std::unique_ptr<TrajectoryPredictor> predictor;  // none: there is no library
    std::array<Tally, shares.size()> at_share{};
    Tally all;
    std::size_t cells = 0;
    std::size_t without_end = 0;
};

std::unique_ptr<TrajectoryPredictor> predictor_of(const CellKind& kind,
                                                  const std::filesystem::path& libraries) {
    if (kind.library.empty()) return nullptr;
    schema::Diagnostics diagnostics;
    const auto path = libraries / fmt::format("{}.toml", kind.library);
    const auto file = fade::load_library(path, diagnostics);
    if (!file) throw std::runtime_error(to_string(diagnostics.sorted().front()));
    auto library = FadeLibrary::make(file->curves, file->parameters);
    return std::make_unique<TrajectoryPredictor>(std::make_shared<const FadeLibrary>(std::move(*library)));
}

void score_cell(const CellHistory& history, KindScore& score) {
    ++score.cells;
    const LifeCell cell = life_cell_of(history, kind_of(history.cell).rated_ah, score.kind->end_of_life);
    if (!cell.life) {
        ++score.without_end;
        return;
    }
    for (std::size_t i = 0; i < shares.size(); ++i) {
        const auto prediction = predict_at(cell, shares[i], score.kind->end_of_life, *score.predictor);
        if (!prediction.predicted.left || prediction.left <= 0) continue;
        score.at_share[i].add(prediction);
        score.all.add(prediction);
    }
}

void report_kind(const KindScore& score, Report& report) {
    const auto add = [&](const std::string& what, double value, const char* unit,
                         std::optional<Goal> goal = std::nullopt) {
        report.add({fmt::format("rul.{}.{}", score.kind->name, what), value, unit, goal});
    };
    const bool promised = score.kind->goal > 0;
    const auto promise = [promised](Goal goal) { return promised ? std::optional(goal) : std::nullopt; };
    add("cells", static_cast<double>(score.cells), "cells");
    add("cells_without_end", static_cast<double>(score.without_end), "cells");
    if (score.all.error.count == 0) return;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        const auto at = [&](const char* what) { return fmt::format("{}.{:.0f}", what, 100 * shares[i]); };
        const Tally& tally = score.at_share[i];
        add(at("error_of_life"), tally.error.value(), "1");
        add(at("error_of_left"), tally.error_of_left.value(), "1");
        add(at("linear_error_of_life"), tally.linear_error.value(), "1");
        add(at("coverage"), tally.covered.value(), "1", promise(at_least(0.70)));
        add(at("width_of_life"), tally.width.value(), "1");
    }
    const double error = score.all.error.value();
    add("error_of_life", error, "1", promise(at_most(score.kind->goal)));
    add("linear_error_of_life", score.all.linear_error.value(), "1");
    add("error_over_linear", error / score.all.linear_error.value(), "1", promise(at_most(1)));
    add("coverage", score.all.covered.value(), "1", promise(at_least(0.77)));
    add("coverage_excess", score.all.covered.value(), "1", promise(at_most(0.86)));
    add("width_of_life", score.all.width.value(), "1");
    add("censored", score.all.censored.value(), "1");
    add("prior_only", score.all.prior_only.value(), "1");
}

}  // namespace

void score_life(const std::vector<std::filesystem::path>& files, const std::filesystem::path& libraries,
                Report& report) {
    std::map<std::string_view, KindScore> scores;
    for (const auto& path : files) {
        const auto cells = read_capacities(path);
        if (!cells) throw std::runtime_error(cells.error().message);
        for (const CellHistory& cell : *cells) {
            const CellKind& kind = kind_of(cell.cell);
            auto [found, is_new] = scores.try_emplace(kind.name);
            KindScore& score = found->second;
            if (is_new) {
                score.kind = &kind;
                score.predictor = predictor_of(kind, libraries);
                if (!score.predictor)
                    report.progress(fmt::format("{}: no fade library, so no life is known", kind.name));
            }
            if (score.predictor) score_cell(cell, score);
        }
    }
    for (const auto& [name, score] : scores) report_kind(score, report);
}

void score_life(const std::vector<std::filesystem::path>& files, Report& report) {
    score_life(files, config::shipped("fade"), report);
}

}  // namespace sitepower::lab
