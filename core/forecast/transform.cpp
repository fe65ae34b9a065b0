#include "core/forecast/transform.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sitepower::forecast {
namespace {

constexpr double log_offset = 0.02;  // of the mean size
// A forecast in the log domain is taken back from at most this far above, so that none becomes infinite.
constexpr double largest_exponent = 600;

double median(std::vector<double>& values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

}  // namespace

Transform Transform::fitted(Domain domain, std::span<const double> history) {
    std::vector<double> values;
    std::ranges::copy_if(history, std::back_inserter(values), [](double y) { return std::isfinite(y); });
    Transform transform;
    transform.domain_ = domain;
    if (domain == Domain::log) {
        double size = 0;
        for (const double y : values) size += std::abs(y);
        if (!values.empty()) size /= static_cast<double>(values.size());
        transform.centre_ = size > 0 ? log_offset * size : 1;
    } else if (domain == Domain::asinh) {
        transform.centre_ = median(values);
        for (double& y : values) y = std::abs(y - transform.centre_);
        const double spread = 1.4826 * median(values);
        transform.scale_ = spread > 0 ? spread : 1;
    }
    return transform;
}

double Transform::forward(double y) const {
    switch (domain_) {
        case Domain::log:
            return std::log(std::max(y, 0.0) + centre_);
        case Domain::asinh:
            return std::asinh((y - centre_) / scale_);
        case Domain::raw:
            break;
    }
    return y;
}

double Transform::inverse(double z) const {
    switch (domain_) {
        case Domain::log:
            return std::max(0.0, std::exp(std::min(z, largest_exponent)) - centre_);
        case Domain::asinh:
            return centre_ + scale_ * std::sinh(std::clamp(z, -largest_exponent, largest_exponent));
        case Domain::raw:
            break;
    }
    return z;
}

bool Transform::differs_much_from(const Transform& other) const {
    if (domain_ != other.domain_) return true;
    const auto twice = [](double a, double b) { return a > 2 * b || b > 2 * a; };
    if (domain_ == Domain::log) return twice(centre_, other.centre_);
    if (domain_ == Domain::raw) return false;
    return twice(scale_, other.scale_) || std::abs(centre_ - other.centre_) > std::max(scale_, other.scale_);
}

void Transform::save(BlobWriter& writer) const {
    writer.put(domain_);
    writer.put(centre_);
    writer.put(scale_);
}

void Transform::load(BlobReader& reader) {
    reader.get(domain_);
    reader.get(centre_);
    reader.get(scale_);
    if (domain_ > Domain::asinh || !(scale_ > 0)) reader.fail();
}

}  // namespace sitepower::forecast
