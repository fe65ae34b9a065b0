// Fade libraries: any text ends as a library or as diagnostics, and exactly one of the two. One that was
// accepted can be written and read again, and foretells something for any history.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "core/battery/rul/trajectory/predictor.hpp"
#include "daemon/fade/library_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sitepower;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    schema::Diagnostics diagnostics;
    const auto file = fade::parse_library(text, "fuzz.toml", diagnostics);
    if (file.has_value() != diagnostics.empty()) std::abort();
    if (!file) return 0;
    auto library = FadeLibrary::make(file->curves, file->parameters);
    if (!library) std::abort();
    TrajectoryPredictor predictor(std::make_shared<const FadeLibrary>(std::move(*library)));
    constexpr std::array ages{1.0, 20.0, 300.0};
    constexpr std::array healths{1.0, 0.98, 0.93};
    const auto life = predictor.predict({.history = {ages, healths}, .horizon = 1e6});
    if (!life.left) std::abort();
    const auto& left = *life.left;
    if (!(left.p10 >= 0 && left.p10 <= left.p50 && left.p50 <= left.p90 && std::isfinite(left.p90)))
        std::abort();
    return 0;
}
