// A continuous piecewise linear function on an interval, convex or not: values over stored energy. Plain
// value.
#pragma once

#include <cstddef>
#include <vector>

namespace sitepower::dispatch {

struct CurvePoint {
    double x, value;
};

class Curve {
  public:
    Curve() = default;
    explicit Curve(std::vector<CurvePoint> points) : points_(std::move(points)) {}

    const std::vector<CurvePoint>& points() const { return points_; }
    bool empty() const { return points_.empty(); }
    double least_x() const { return points_.front().x; }
    double most_x() const { return points_.back().x; }

    // Infinite outside of the interval.
    double at(double x) const;

    // To [least, most]; false where nothing is left.
    bool cut(double least, double most);
    // x divided by a factor: the curve over what was before a loss.
    void stretch(double factor);
    // Without points that lie on the line between their neighbours.
    void simplify();

    // The lower envelope; the intervals must touch or overlap.
    void take_minimum(const Curve& other);

  private:
    std::vector<CurvePoint> points_;
};

}  // namespace sitepower::dispatch
