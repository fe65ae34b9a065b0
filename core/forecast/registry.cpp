#include "core/forecast/registry.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace sitepower::forecast {
namespace {

constexpr double mase_margin = 1.01;
constexpr double coverage_margin = 0.01;
constexpr double target = 0.95;

}  // namespace

bool may_replace(const BacktestMetrics& candidate, const BacktestMetrics& active) {
    if (active.mase && (!candidate.mase || *candidate.mase > mase_margin * *active.mase)) return false;
    if (!active.coverage95) return true;
    return candidate.coverage95 && std::abs(*candidate.coverage95 - target) <=
                                       std::abs(*active.coverage95 - target) + coverage_margin + 1e-12;
}

Result<std::uint32_t> ModelRegistry::add(ModelVersion candidate) {
    std::uint32_t newest = 0;
    std::set<std::string_view> names;
    for (const auto& version : versions_) {
        names.insert(version.name);
        if (version.name == candidate.name) newest = std::max(newest, version.version);
    }
    if (newest == 0 && names.size() >= most_names) {
        return Error{.code = ErrorCode::conflict,
                     .message = "there are " + std::to_string(most_names) + " models already",
                     .detail = {}};
    }
    const std::string name = candidate.name;
    candidate.version = newest + 1;
    candidate.status = ModelStatus::candidate;
    versions_.push_back(std::move(candidate));
    sort();
    forget_oldest(name);
    return newest + 1;
}

void ModelRegistry::sort() {
    std::ranges::stable_sort(versions_, [](const ModelVersion& a, const ModelVersion& b) {
        return a.name != b.name ? a.name < b.name : a.version > b.version;
    });
}

void ModelRegistry::forget_oldest(std::string_view name) {
    std::size_t kept = 0;
    std::erase_if(versions_, [&](const ModelVersion& version) {
        if (version.name != name || version.status == ModelStatus::active) return false;
        return ++kept > kept_versions;
    });
}

bool ModelRegistry::promote(std::string_view name, Time now) {
    const auto newest =
        std::ranges::find(versions_, name, [](const auto& v) -> std::string_view { return v.name; });
    if (newest == versions_.end() || newest->status != ModelStatus::candidate) return false;
    const ModelVersion* in_force = active(name);
    if (in_force != nullptr && !may_replace(newest->metrics, in_force->metrics)) {
        newest->status = ModelStatus::retired;
        return false;
    }
    return static_cast<bool>(activate(name, newest->version, now));
}

Status ModelRegistry::activate(std::string_view name, std::uint32_t version, Time now) {
    ModelVersion* chosen = find_mutable(name, version);
    if (chosen == nullptr) {
        std::string known;
        for (const auto& one : versions_) {
            if (one.name == name) known += (known.empty() ? "" : ", ") + std::to_string(one.version);
        }
        return Error{.code = ErrorCode::not_found,
                     .message = known.empty() ? "there is no model " + std::string(name)
                                              : "model " + std::string(name) + " has no version " +
                                                    std::to_string(version) + "; there are " + known,
                     .detail = {}};
    }
    for (auto& one : versions_) {
        if (one.name == name && one.status == ModelStatus::active) one.status = ModelStatus::retired;
    }
    chosen->status = ModelStatus::active;
    chosen->deployed_at = now;
    forget_oldest(name);
    return Done{};
}

bool ModelRegistry::resume(std::string_view name, std::uint32_t version) {
    bool news = false;
    for (auto& one : versions_) {
        if (one.name != name) continue;
        const bool was_active = one.status == ModelStatus::active;
        if (was_active == (one.version == version)) continue;
        one.status = was_active ? ModelStatus::retired : ModelStatus::active;
        news = true;
    }
    return news;
}

const ModelVersion* ModelRegistry::active(std::string_view name) const {
    const auto found = std::ranges::find_if(versions_, [&](const ModelVersion& version) {
        return version.name == name && version.status == ModelStatus::active;
    });
    return found == versions_.end() ? nullptr : &*found;
}

const ModelVersion* ModelRegistry::find(std::string_view name, std::uint32_t version) const {
    const auto found = std::ranges::find_if(
        versions_, [&](const ModelVersion& one) { return one.name == name && one.version == version; });
    return found == versions_.end() ? nullptr : &*found;
}

ModelVersion* ModelRegistry::find_mutable(std::string_view name, std::uint32_t version) {
    return const_cast<ModelVersion*>(find(name, version));
}

void ModelRegistry::restore(std::vector<ModelVersion> versions) {
    versions_ = std::move(versions);
    sort();
}

}  // namespace sitepower::forecast
