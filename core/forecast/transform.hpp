// The domain in which an expert works: raw, log for what cannot be negative, asinh for prices and signed
// values (Uniejewski, Weron, Ziel, IEEE Trans. Power Systems 33 (2018) 2219-2229). Values, any thread.
#pragma once

#include <cstdint>
#include <span>

#include "core/forecast/blob.hpp"

namespace sitepower::forecast {

enum class Domain : std::uint8_t { raw, log, asinh };

class Transform {
  public:
    Transform() = default;
    // log: z = log(y + c), c = 0.02 mean|y|; asinh: z = asinh((y - median) / (1.4826 MAD)). Values that are
    // not finite do not count. A history that is all zeros or constant gets a scale of 1.
    static Transform fitted(Domain domain, std::span<const double> history);

    double forward(double y) const;
    double inverse(double z) const;
    Domain domain() const { return domain_; }
    // So different that what was learnt in one domain is of little use in the other: twice the scale, or a
    // centre a scale away.
    bool differs_much_from(const Transform& other) const;

    void save(BlobWriter& writer) const;
    void load(BlobReader& reader);

  private:
    Domain domain_ = Domain::raw;
    double centre_ = 0;  // log: the constant added
    double scale_ = 1;
};

}  // namespace sitepower::forecast
