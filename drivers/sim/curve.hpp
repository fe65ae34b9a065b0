// A quantity given at a few places and straight in between, such as the rest voltage of a battery over its
// state of charge.
#pragma once

#include <cstddef>
#include <span>

namespace sitepower::sim {

struct CurvePoint {
    double x = 0;
    double y = 0;
};

// `points` rise in x, at least two of them. Outside, the first or last piece goes on straight.
inline double interpolate(std::span<const CurvePoint> points, double x) {
    std::size_t i = 1;
    while (i + 1 < points.size() && x > points[i].x) ++i;
    const CurvePoint& a = points[i - 1];
    const CurvePoint& b = points[i];
    return a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x);
}

}  // namespace sitepower::sim
