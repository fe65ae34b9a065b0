#include <chrono>
#include <cstdint>
#include <utility>

#include "core/forecast/day_ahead/experts.hpp"

namespace sitepower::forecast {
namespace {

// Beyond these is no date of a real day.
constexpr std::chrono::sys_days earliest{std::chrono::year{1900} / 1 / 1};
constexpr std::chrono::sys_days latest{std::chrono::year{3000} / 1 / 1};

}  // namespace

void DayExperts::save(BlobWriter& writer) const {
    writer.put(static_cast<std::uint64_t>(days_.size()));
    for (const auto& kept : days_) {
        writer.put(static_cast<std::int64_t>(kept.day.date.time_since_epoch().count()));
        writer.put(static_cast<std::uint8_t>(kept.day.holiday));
        writer.put(static_cast<std::uint8_t>(kept.observed));
        writer.put_all<double>(kept.day.target);
        for (const auto& covariate : kept.day.covariates) {
            writer.put_all<double>(covariate);
        }
    }
    writer.put(static_cast<std::uint8_t>(!stale()));
    writer.put(static_cast<std::uint64_t>(since_refit_));
    if (stale()) return;
    writer.put(scaling_->location);
    writer.put(scaling_->scale);
    writer.put_all<double>(scaling_->covariate_mean);
    writer.put_all<double>(scaling_->covariate_deviation);
}

// The moments are made again as they were: at the last refit, then day by day.
void DayExperts::load(BlobReader& reader) {
    clear();
    const auto count = reader.get<std::uint64_t>();
    if (count > capacity_) return reader.fail();
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
        Kept kept;
        kept.day.date = std::chrono::sys_days{std::chrono::days{reader.get<std::int64_t>()}};
        kept.day.holiday = reader.get<std::uint8_t>() != 0;
        kept.observed = reader.get<std::uint8_t>() != 0;
        kept.day.target.resize(setup_.slots);
        reader.get_all<double>(std::span<double>(kept.day.target));
        kept.day.covariates.assign(setup_.covariates.size(), std::vector<double>(setup_.slots));
        for (auto& covariate : kept.day.covariates) {
            reader.get_all<double>(std::span<double>(covariate));
        }
        const bool in_order = days_.empty() || kept.day.date == back(1).date + std::chrono::days{1};
        if (!in_order || kept.day.date < earliest || kept.day.date > latest) return reader.fail();
        days_.push_back(std::move(kept));
    }
    const bool fitted = reader.get<std::uint8_t>() != 0;
    const auto since_refit = reader.get<std::uint64_t>();
    if (!fitted || !reader.ok()) return;
    if (since_refit >= count) return reader.fail();
    Scaling scaling;
    reader.get(scaling.location);
    reader.get(scaling.scale);
    reader.get_all(scaling.covariate_mean, setup_.covariates.size());
    reader.get_all(scaling.covariate_deviation, setup_.covariates.size());
    const bool fits = scaling.covariate_mean.size() == setup_.covariates.size() &&
                      scaling.covariate_deviation.size() == setup_.covariates.size();
    if (!fits) reader.fail();
    if (!reader.ok()) return;
    scaling_ = std::move(scaling);
    since_refit_ = since_refit;
    const std::size_t last = count - 1 - since_refit;
    rebuild(last);
    for (std::size_t index = last + 1; index < count; ++index) {
        roll(index);
    }
}

}  // namespace sitepower::forecast
