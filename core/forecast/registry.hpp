// The versions of the models of a site: which one of a name is in force, which stand by, how each did on its
// back-test. Entries carry a name and a kind, so that models other than series can stand beside them. The
// states themselves are kept by whoever stores them, under name and version. Owned by the engine; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace sitepower::forecast {

enum class ModelStatus : std::uint8_t { candidate, active, retired };

// On the rolling origins of the back-test; empty where it is undefined.
struct BacktestMetrics {
    std::optional<double> mase;
    std::optional<double> smape_pct;
    std::optional<double> coverage95;  // share, 0..1
};

struct ModelVersion {
    std::string name;
    std::string kind;  // "series"
    std::uint32_t version = 0;
    ModelStatus status = ModelStatus::candidate;
    std::uint64_t checksum = 0;  // of the stored state
    Time trained_from{};
    Time trained_to{};
    std::optional<Time> deployed_at{};
    std::uint64_t samples = 0;
    BacktestMetrics metrics;
};

// Better, or worse by no more than 1 % of MASE and one point of coverage error. What the active one cannot
// show is no reason to keep it.
bool may_replace(const BacktestMetrics& candidate, const BacktestMetrics& active);

class ModelRegistry {
  public:
    static constexpr std::size_t kept_versions = 5;  // of a name, beside the active one
    static constexpr std::size_t most_names = 1000;

    // A candidate gets the next version of its name; the oldest beyond kept_versions goes. conflict: too many
    // names.
    Result<std::uint32_t> add(ModelVersion candidate);
    // Promotes the newest candidate of a name when may_replace says so, or when none is active; else it is
    // retired. True: it is in force.
    bool promote(std::string_view name, Time now);
    // Any version that is kept, also an older one (roll-back). not_found names what there is.
    Status activate(std::string_view name, std::uint32_t version, Time now);

    // The version of a state that goes on is in force, and no other of its name; one that is not kept: none
    // is. True: that is news.
    bool resume(std::string_view name, std::uint32_t version);

    const ModelVersion* active(std::string_view name) const;
    const ModelVersion* find(std::string_view name, std::uint32_t version) const;
    // By name, newest version first.
    std::span<const ModelVersion> versions() const { return versions_; }
    // Takes back what was stored.
    void restore(std::vector<ModelVersion> versions);

  private:
    ModelVersion* find_mutable(std::string_view name, std::uint32_t version);
    void forget_oldest(std::string_view name);
    void sort();

    std::vector<ModelVersion> versions_;
};

}  // namespace sitepower::forecast
