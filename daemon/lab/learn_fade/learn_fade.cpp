#include "daemon/lab/learn_fade/learn_fade.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

namespace sitepower::lab {
namespace {

constexpr std::size_t fewest_lives = 5;
// Straight lines between the points of a curve stay so near its smoothed history (health).
constexpr double tolerance = 0.0007;
constexpr std::array noises{0.0007, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.006};
constexpr std::array shares{0.3, 0.5, 0.8};
constexpr std::array weights{1.0, 0.9, 0.8, 0.65, 0.5};
constexpr double first_age = 0.2;
constexpr double age_step = 0.05;
constexpr int ages = 15;  // to 0.9
// One battery that nothing could have foreseen must not choose for all others.
constexpr double largest_error = 1;
constexpr double upper_quantile = 0.9;
constexpr std::size_t fewest_for_quantile = 40;

// Each life from the curves of the others.
std::vector<LifePrediction> predict_all(const std::vector<LifeCell>& cells, const fade::LibraryFile& file) {
    auto library = FadeLibrary::make(file.curves, file.parameters);
    TrajectoryPredictor predictor(std::make_shared<const FadeLibrary>(std::move(*library)));
    std::vector<LifePrediction> predictions;
    for (const LifeCell& cell : cells) {
        if (!cell.life) continue;
        for (int step = 0; step < ages; ++step) {
            const double age = first_age + step * age_step;
            auto prediction = predict_at(cell, age, file.parameters.end_of_life, predictor);
            const bool counts =
                prediction.predicted.left && prediction.left > 0 && prediction.predicted.left->p50 > 0;
            if (counts) predictions.push_back(prediction);
        }
    }
    return predictions;
}

double mean_error(const std::vector<LifePrediction>& predictions) {
    double sum = 0;
    for (const LifePrediction& prediction : predictions) sum += std::min(prediction.error(), largest_error);
    return sum / static_cast<double>(predictions.size());
}

// The best of the values for one parameter, with its error.
template <std::size_t N>
double choose(const std::vector<LifeCell>& cells, const std::array<double, N>& values,
              double LibraryParameters::*parameter, fade::LibraryFile& file) {
    double least = std::numeric_limits<double>::infinity();
    double best = file.parameters.*parameter;
    for (const double value : values) {
        file.parameters.*parameter = value;
        const double error = mean_error(predict_all(cells, file));
        if (error >= least) continue;
        least = error;
        best = value;
    }
    file.parameters.*parameter = best;
    return least;
}

// Both together, since the one depends on the other.
void choose_noise_and_share(const std::vector<LifeCell>& cells, fade::LibraryFile& file) {
    double least = std::numeric_limits<double>::infinity();
    LibraryParameters best = file.parameters;
    for (const double share : shares) {
        file.parameters.alike_share = share;
        const double error = choose(cells, noises, &LibraryParameters::noise_sigma, file);
        if (error >= least) continue;
        least = error;
        best = file.parameters;
    }
    file.parameters = best;
}

double quantile(std::vector<double> values, double q) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(std::lround(q * static_cast<double>(values.size() - 1)))];
}

// The error in the logarithm over the half of the interval on its side, by share of the fade used up. Its 10
// and 90 % quantiles are what the halves have to be stretched by.
// Where a row has too few, all rows together decide. Predictions of one life are not independent, so the
// finite sample (Lei et al.) is that of lives.
void calibrate(const std::vector<LifeCell>& cells, double lives, fade::LibraryFile& file) {
    const double level = std::min(upper_quantile * (1 + 1 / lives), 0.99);
    std::array<std::vector<double>, LibraryParameters::scale_rows + 1> below;  // the last: all
    std::array<std::vector<double>, LibraryParameters::scale_rows + 1> above;
    for (const LifePrediction& prediction : predict_all(cells, file)) {
        const LifeQuantiles& left = *prediction.predicted.left;
        const double miss = std::log(prediction.left / left.p50);
        for (const std::size_t row : {prediction.predicted.fade_row, below.size() - 1}) {
            below[row].push_back(-miss / std::log(left.p50 / left.p10));
            above[row].push_back(miss / std::log(left.p90 / left.p50));
        }
    }
    for (std::size_t row = 0; row < file.parameters.scale.size(); ++row) {
        const std::size_t from = below[row].size() < fewest_for_quantile ? below.size() - 1 : row;
        file.parameters.scale[row] = {std::clamp(quantile(below[from], level), 0.2, 8.0),
                                      std::clamp(quantile(above[from], level), 0.2, 8.0)};
    }
}

}  // namespace

Result<fade::LibraryFile> learn_fade(const std::vector<LifeCell>& cells, double end_of_life) {
    fade::LibraryFile file;
    file.parameters.end_of_life = end_of_life;
    for (const LifeCell& cell : cells) {
        if (cell.history.age.size() >= FadeLibrary::fewest_points) {
            file.curves.push_back(compact(cell.history, tolerance));
        }
    }
    const auto lives =
        std::ranges::count_if(cells, [](const LifeCell& cell) { return cell.life.has_value(); });
    if (lives < static_cast<std::ptrdiff_t>(fewest_lives)) {
        return Error{ErrorCode::insufficient_data,
                     "a fade library needs at least 5 batteries that reached their end of life", ""};
    }
    const auto usable = FadeLibrary::make(file.curves, file.parameters);
    if (!usable) return usable.error();
    choose_noise_and_share(cells, file);
    choose(cells, std::array{0.0, 1.0}, &LibraryParameters::life_weighted, file);
    choose(cells, weights, &LibraryParameters::curves_weight, file);
    calibrate(cells, static_cast<double>(lives), file);
    return file;
}

}  // namespace sitepower::lab
