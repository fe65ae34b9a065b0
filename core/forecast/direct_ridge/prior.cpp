#include "core/forecast/direct_ridge/prior.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/forecast/blob.hpp"

namespace sitepower::forecast {
namespace {

constexpr std::uint32_t blob_kind = 0x52505250;
constexpr std::uint32_t blob_version = 1;
constexpr std::uint64_t most_matrices = 64;
constexpr std::uint64_t longest_side = 4096;

struct Clustering {
    std::vector<Eigen::MatrixXd> matrices;
    double residual = std::numeric_limits<double>::infinity();
};

// Numerical Recipes' linear congruential step: enough to spread starts, the same on every machine.
std::uint32_t next_random(std::uint32_t& state) {
    return state = state * 1664525U + 1013904223U;
}

std::vector<std::size_t> random_assignment(std::size_t series, std::size_t matrices, std::uint32_t seed) {
    std::vector<std::size_t> assigned(series);
    std::uint32_t state = seed * 2654435761U + 1;
    for (std::size_t i = 0; i < series; ++i) {
        assigned[i] = i < matrices ? i : (next_random(state) >> 16U) % matrices;
    }
    for (std::size_t i = series; i > 1; --i) {
        std::swap(assigned[i - 1], assigned[(next_random(state) >> 16U) % i]);
    }
    return assigned;
}

void refit(std::span<const WindowSums> series, std::span<const std::size_t> assigned, double lambda,
           std::vector<Eigen::MatrixXd>& matrices) {
    for (std::size_t k = 0; k < matrices.size(); ++k) {
        WindowSums pooled = series[0];
        pooled.clear();
        for (std::size_t i = 0; i < series.size(); ++i) {
            if (assigned[i] == k) pooled.add(series[i]);
        }
        if (pooled.windows > 0) matrices[k] = pooled.solve(lambda, {});
    }
}

double assign(std::span<const WindowSums> series, std::span<const Eigen::MatrixXd> matrices,
              std::span<std::size_t> assigned) {
    double total = 0;
    for (std::size_t i = 0; i < series.size(); ++i) {
        assigned[i] = nearest_prior(series[i], matrices);
        total += series[i].residual(matrices[assigned[i]]);
    }
    return total;
}

Clustering cluster(std::span<const WindowSums> series, const PriorLearning& how, std::uint32_t seed) {
    const std::size_t count = std::min(how.matrices, series.size());
    auto assigned = random_assignment(series.size(), count, seed);
    Clustering result;
    result.matrices.assign(count, Eigen::MatrixXd::Zero(series[0].cross.rows(), series[0].cross.cols()));
    refit(series, assigned, how.lambda, result.matrices);
    for (int round = 0; round < how.rounds; ++round) {
        result.residual = assign(series, result.matrices, assigned);
        refit(series, assigned, how.lambda, result.matrices);
    }
    result.residual = assign(series, result.matrices, assigned);
    return result;
}

void put_all(BlobWriter& writer, std::span<const Eigen::MatrixXd> matrices) {
    writer.put(static_cast<std::uint64_t>(matrices.size()));
    for (const auto& matrix : matrices) {
        writer.put_all(std::span<const double>(matrix.data(), static_cast<std::size_t>(matrix.size())));
    }
}

void get_all(BlobReader& reader, const WindowShape& shape, std::vector<Eigen::MatrixXd>& matrices) {
    const auto count = reader.get<std::uint64_t>();
    if (count > most_matrices) return reader.fail();
    for (std::uint64_t k = 0; k < count && reader.ok(); ++k) {
        Eigen::MatrixXd matrix(static_cast<Eigen::Index>(shape.lags),
                               static_cast<Eigen::Index>(shape.horizon));
        reader.get_all(std::span<double>(matrix.data(), static_cast<std::size_t>(matrix.size())));
        if (!matrix.allFinite()) reader.fail();
        matrices.push_back(std::move(matrix));
    }
}

}  // namespace

std::size_t nearest_prior(const WindowSums& sums, std::span<const Eigen::MatrixXd> priors) {
    std::size_t nearest = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < priors.size(); ++k) {
        const double residual = sums.residual(priors[k]);
        if (residual < least) {
            least = residual;
            nearest = k;
        }
    }
    return nearest;
}

std::vector<Eigen::MatrixXd> learn_priors(std::span<const WindowSums> series, const PriorLearning& how) {
    std::vector<WindowSums> usable;
    for (const auto& one : series) {
        if (one.windows > 0 && one.gram.allFinite() && one.cross.allFinite()) usable.push_back(one);
    }
    Clustering best;
    if (usable.empty() || how.matrices == 0) return {};
    for (std::uint32_t seed = 0; seed < std::max(how.seeds, 1U); ++seed) {
        auto one = cluster(usable, how, seed);
        if (best.matrices.empty() || one.residual < best.residual) best = std::move(one);
    }
    return std::move(best.matrices);
}

std::vector<std::byte> to_blob(const PriorLibrary& library) {
    BlobWriter writer;
    writer.put(static_cast<std::uint64_t>(library.shape.day));
    writer.put(static_cast<std::uint64_t>(library.shape.lags));
    writer.put(static_cast<std::uint64_t>(library.shape.horizon));
    put_all(writer, library.transformed);
    put_all(writer, library.raw);
    return writer.finish(blob_kind, blob_version);
}

Result<PriorLibrary> prior_from_blob(std::span<const std::byte> blob) {
    auto reader = BlobReader::open(blob, blob_kind, blob_version);
    if (!reader) return reader.error();
    PriorLibrary library;
    library.shape = {.day = reader->get<std::uint64_t>(),
                     .lags = reader->get<std::uint64_t>(),
                     .horizon = reader->get<std::uint64_t>()};
    const auto& shape = library.shape;
    if (shape.day == 0 || shape.lags == 0 || shape.horizon == 0 || shape.day > longest_side ||
        shape.lags > longest_side || shape.horizon > longest_side) {
        reader->fail();
    }
    get_all(*reader, shape, library.transformed);
    get_all(*reader, shape, library.raw);
    if (!reader->finished()) {
        return Error{.code = ErrorCode::validation_error,
                     .message = "the prior library does not hold together; learn it again",
                     .detail = {}};
    }
    return library;
}

}  // namespace sitepower::forecast
