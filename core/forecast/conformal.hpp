// Distribution-free quantiles from past scores (split conformal prediction), and the level that adapts until
// the stated share is reached (Gibbs and Candes, "Adaptive Conformal Inference Under Distribution Shift",
// NeurIPS 2021). Owned by whoever forecasts, one pair for each horizon class or hour; one thread at a time.
// Nothing here allocates after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/forecast/blob.hpp"

namespace sitepower::forecast {

struct ConformalQuantile {
    double value = 0;
    // The ring is too short for the level: instead of an infinite band, 1.2 times the largest score.
    bool beyond = false;
};

// The last `capacity` scores, kept in order of time and of size.
class ScoreRing {
  public:
    explicit ScoreRing(std::size_t capacity);

    // A score that is not finite is left out; the oldest one makes room.
    void add(double score);
    void clear();

    // The order statistic of rank ceil((n + 1) * level), level 0..1; beyond the largest when n is too small,
    // and 0, beyond, for an empty ring.
    ConformalQuantile quantile(double level) const;
    // For signed scores: the order statistic of rank floor((n + 1) * level) below the middle; beyond it the
    // smallest score times 1.2 (away from the middle).
    ConformalQuantile lower_quantile(double level) const;
    // Share (0..1] of scores at least as large, the new one counted: the conformal p-value.
    double p_value(double score) const;

    std::size_t size() const { return sorted_.size(); }
    std::size_t capacity() const { return capacity_; }

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    std::size_t capacity_;
    std::size_t oldest_ = 0;
    std::vector<double> by_time_;  // a ring once it is full
    std::vector<double> sorted_;
};

// alpha_{t+1} = alpha_t + gamma (alpha - missed_t), not below `least`.
class AdaptiveLevel {
  public:
    // `miss` is the share of misses to reach (0.05 for a 95 % interval); gamma 0.01..0.02. `least`: a band
    // does not become infinite here, and what is asked of it beyond its widest is unwound for as long
    // afterwards.
    AdaptiveLevel(double miss, double gamma, double least = -std::numeric_limits<double>::infinity())
        : miss_(miss), gamma_(gamma), least_(least), alpha_(miss) {}

    // The level to ask a ring for now, 0..1.
    double level() const { return alpha_ <= 0 ? 1.0 : alpha_ >= 1 ? 0.0 : 1 - alpha_; }
    // Forecasts of one value have matured: the share of them that missed it. `beyond`: their band was not the
    // infinite one that the guarantee asks for.
    void update(double missed, bool beyond = false);

    // |share of misses so far - miss| is at most this, on any data; nominal when beyond() is not 0.
    double bound() const;
    std::uint64_t matured() const { return matured_; }
    std::uint64_t beyond() const { return beyond_; }

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    double miss_;
    double gamma_;
    double least_;
    double alpha_;
    std::uint64_t matured_ = 0;
    std::uint64_t beyond_ = 0;
};

// A quantile of Student's t with 5 degrees of freedom, scaled to standard deviation 1: what stands in for
// order statistics while scores are few. level 0..1, exclusive.
double student_t5_quantile(double level);

}  // namespace sitepower::forecast
