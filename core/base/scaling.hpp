// Raw number to value and back, as one would work it out on paper: 4914 * 0.1 is 491.4, not
// 491.40000000000003. The one place where a scale is applied: the decoder, the simulator's encoder and the
// store's packing all come here, so that a value that one of them made is the same double for the others.
// Values only.
#pragma once

namespace sitepower {

// value = raw * scale * 10^exponent + offset.
//
// A decimal scale and offset (0.1, 0.005, -40, -273.15) are taken as fractions over one power of ten, the sum
// is formed over whole numbers, which is exact below 2^53, and one division rounds: the result is the double
// nearest to the true decimal, and prints with no more digits than that has. Any other scale (2^-9, 1/3) is
// multiplied; by a power of two that is exact as well.
class Scaling {
  public:
    Scaling() = default;
    // Both finite, scale not 0.
    Scaling(double scale, double offset);

    // |exponent| <= max_exponent. May be infinite for a huge raw; never -0.
    double value(double raw, int exponent = 0) const;
    // The inverse, not rounded to a whole number; off by less than a millionth of a step for values whose raw
    // number has at most 9 digits.
    double raw(double value, int exponent = 0) const;

    static constexpr int max_exponent = 10;

  private:
    double factor_ = 1;  // scale = factor_ / 10^decimals_
    double shift_ = 0;   // offset = shift_ / 10^decimals_
    int decimals_ = 0;
};

}  // namespace sitepower
