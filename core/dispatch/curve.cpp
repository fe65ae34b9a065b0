#include "core/dispatch/curve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sitepower::dispatch {
namespace {

constexpr double same_x = 1e-11;
constexpr double infinite = std::numeric_limits<double>::infinity();

double between(const CurvePoint& left, const CurvePoint& right, double x) {
    const double width = right.x - left.x;
    if (width <= 0) return std::min(left.value, right.value);
    return left.value + (right.value - left.value) * ((x - left.x) / width);
}

// Walks along a curve with rising x.
class Walker {
  public:
    explicit Walker(const std::vector<CurvePoint>& points) : points_(points) {}

    double next_x() const {
        if (next_ == points_.size()) return infinite;
        return points_[next_].x;
    }
    double at(double x) {
        while (next_ < points_.size() && points_[next_].x < x) ++next_;
        if (next_ == points_.size() || (next_ == 0 && points_[0].x > x)) return infinite;
        return next_ == 0 ? points_[0].value : between(points_[next_ - 1], points_[next_], x);
    }
    void pass(double x) {
        while (next_ < points_.size() && points_[next_].x <= x) ++next_;
    }

  private:
    const std::vector<CurvePoint>& points_;
    std::size_t next_ = 0;
};

}  // namespace

double Curve::at(double x) const {
    if (points_.empty() || x < points_.front().x - same_x || x > points_.back().x + same_x) return infinite;
    const auto right = std::ranges::lower_bound(points_, x, {}, &CurvePoint::x);
    if (right == points_.begin()) return right->value;
    if (right == points_.end()) return points_.back().value;
    return between(*(right - 1), *right, x);
}

bool Curve::cut(double least, double most) {
    if (points_.empty() || least > most_x() + 1e-9 || most < least_x() - 1e-9) return false;
    const double from = std::clamp(least, least_x(), most_x());
    const double to = std::clamp(most, from, most_x());
    std::vector<CurvePoint> kept{{from, at(from)}};
    for (const CurvePoint& point : points_) {
        if (point.x > from + same_x && point.x < to - same_x) kept.push_back(point);
    }
    if (to > from) kept.push_back({to, at(to)});
    points_ = std::move(kept);
    return true;
}

void Curve::stretch(double factor) {
    for (CurvePoint& point : points_) point.x /= factor;
}

void Curve::simplify() {
    if (points_.size() < 3) return;
    std::size_t kept = 1;
    for (std::size_t i = 1; i + 1 < points_.size(); ++i) {
        const double line = between(points_[kept - 1], points_[i + 1], points_[i].x);
        const bool on_line = std::abs(line - points_[i].value) <= 1e-14 * (1 + std::abs(line));
        if (!on_line && points_[i].x - points_[kept - 1].x > same_x) points_[kept++] = points_[i];
    }
    points_[kept++] = points_.back();
    points_.resize(kept);
}

void Curve::take_minimum(const Curve& other) {
    if (empty()) {
        *this = other;
        return;
    }
    std::vector<CurvePoint> result;
    result.reserve(points_.size() + other.points_.size() + 8);
    Walker a(points_);
    Walker b(other.points_);
    double before_x = 0;
    double before_a = infinite;
    double before_b = infinite;
    const auto next_x = [&] { return std::min(a.next_x(), b.next_x()); };
    double x = 0;
    while ((x = next_x()) < infinite) {
        const double value_a = a.at(x);
        const double value_b = b.at(x);
        const double gap_before = before_a - before_b;
        const double gap = value_a - value_b;
        // Where the two cross between the last x and this one.
        if (std::isfinite(gap_before) && std::isfinite(gap) && gap_before * gap < 0) {
            const double share = gap_before / (gap_before - gap);
            result.push_back({before_x + share * (x - before_x), before_a + share * (value_a - before_a)});
        }
        result.push_back({x, std::min(value_a, value_b)});
        before_x = x;
        before_a = value_a;
        before_b = value_b;
        a.pass(x);
        b.pass(x);
    }
    points_ = std::move(result);
    simplify();
}

}  // namespace sitepower::dispatch
