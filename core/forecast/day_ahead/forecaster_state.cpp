#include <algorithm>
#include <string>

#include "core/forecast/day_ahead/forecaster.hpp"

namespace sitepower::forecast {
namespace {

constexpr std::uint32_t blob_kind = 0x44415941;  // "AYAD"
constexpr std::uint32_t blob_version = 1;

void put_vector(BlobWriter& writer, const Eigen::VectorXd& values) {
    writer.put_all<double>({values.data(), static_cast<std::size_t>(values.size())});
}

void get_vector(BlobReader& reader, Eigen::VectorXd& values, std::size_t size) {
    values.setZero(static_cast<Eigen::Index>(size));
    reader.get_all(std::span<double>(values.data(), size));
}

void get_slots(BlobReader& reader, std::vector<double>& values, std::size_t size) {
    values.assign(size, 0.0);
    reader.get_all(std::span<double>(values));
}

}  // namespace

// A state of another setup has other shapes or another meaning; both are refused.
std::uint64_t DayAheadForecaster::fingerprint() const {
    BlobWriter writer;
    writer.put(setup_.target);
    writer.put(static_cast<std::uint64_t>(setup_.slots));
    for (const auto& covariate : setup_.covariates) {
        writer.put_all<char>(covariate.name);
        writer.put(covariate.role);
    }
    for (const std::size_t lag : setup_.target_lags_days) {
        writer.put(static_cast<std::uint64_t>(lag));
    }
    writer.put(static_cast<std::uint64_t>(setup_.annual_pairs));
    for (const auto& window : setup_.windows) {
        writer.put(static_cast<std::uint64_t>(window.days));
        writer.put_all<double>(window.penalties);
    }
    for (const auto& kernel : setup_.kernels) {
        writer.put(static_cast<std::uint64_t>(kernel.days));
        writer.put(kernel.width);
        writer.put(kernel.gaussian);
        writer.put(kernel.noise);
    }
    for (const auto& window : setup_.stacking) {
        writer.put(static_cast<std::uint64_t>(window.days));
        writer.put(window.penalty);
    }
    writer.put(static_cast<std::uint64_t>(setup_.refit_days));
    return checksum_of(writer.finish(blob_kind, blob_version));
}

std::vector<std::byte> DayAheadForecaster::save() const {
    BlobWriter writer;
    writer.put(fingerprint());
    experts_.save(writer);
    stacking_.save(writer);
    safeguard_.save(writer);
    intervals_.save(writer);
    writer.put(static_cast<std::uint8_t>(issued_.has_value()));
    if (issued_) save_issued(writer);
    return writer.finish(blob_kind, blob_version);
}

void DayAheadForecaster::save_issued(BlobWriter& writer) const {
    writer.put(static_cast<std::int64_t>(issued_->date.time_since_epoch().count()));
    writer.put_all<double>({issued_->experts.data(), static_cast<std::size_t>(issued_->experts.size())});
    writer.put_all<double>({issued_->naive.data(), static_cast<std::size_t>(issued_->naive.size())});
    put_vector(writer, issued_->combined);
    put_vector(writer, issued_->point);
    put_vector(writer, issued_->spread);
    put_vector(writer, issued_->expected_error);
    for (const auto* values : {&issued_->quantiles.p50, &issued_->quantiles.p90, &issued_->quantiles.p99,
                               &issued_->quantiles.lower95, &issued_->quantiles.upper95}) {
        writer.put_all<double>(*values);
    }
}

void DayAheadForecaster::load_issued(BlobReader& reader) {
    Issued issued{};
    issued.date = std::chrono::sys_days{std::chrono::days{reader.get<std::int64_t>()}};
    issued.experts.setZero(static_cast<Eigen::Index>(setup_.experts()),
                           static_cast<Eigen::Index>(setup_.slots));
    reader.get_all(std::span<double>(issued.experts.data(), static_cast<std::size_t>(issued.experts.size())));
    issued.naive.setZero(2, static_cast<Eigen::Index>(setup_.slots));
    reader.get_all(std::span<double>(issued.naive.data(), static_cast<std::size_t>(issued.naive.size())));
    get_vector(reader, issued.combined, setup_.slots);
    get_vector(reader, issued.point, setup_.slots);
    get_vector(reader, issued.spread, setup_.slots);
    get_vector(reader, issued.expected_error, setup_.slots);
    for (auto* values : {&issued.quantiles.p50, &issued.quantiles.p90, &issued.quantiles.p99,
                         &issued.quantiles.lower95, &issued.quantiles.upper95}) {
        get_slots(reader, *values, setup_.slots);
    }
    issued_ = std::move(issued);
}

Status DayAheadForecaster::load(std::span<const std::byte> blob) {
    auto opened = BlobReader::open(blob, blob_kind, blob_version);
    if (!opened) return opened.error();
    BlobReader& reader = *opened;
    DayAheadForecaster loaded(setup_);
    if (reader.get<std::uint64_t>() != fingerprint()) reader.fail();
    loaded.experts_.load(reader);
    loaded.stacking_.load(reader, static_cast<Eigen::Index>(setup_.experts()),
                          static_cast<Eigen::Index>(setup_.slots));
    loaded.safeguard_.load(reader);
    loaded.intervals_.load(reader);
    if (reader.get<std::uint8_t>() != 0) loaded.load_issued(reader);
    if (!reader.finished()) {
        return Error{.code = ErrorCode::validation_error,
                     .message =
                         "this is not the state of a day-ahead forecaster with the same setup; "
                         "retrain the series",
                     .detail = {}};
    }
    *this = std::move(loaded);
    return Done{};
}

}  // namespace sitepower::forecast
