// The packed-frame decoder against any bytes: block, sections, frames, layout and roll-up. Run with
// libFuzzer.
#include <cstddef>
#include <cstdint>
#include <span>

#include "daemon/store/frame_block.hpp"
#include "daemon/store/layout_codec.hpp"
#include "daemon/store/rollup.hpp"

namespace {

const sitepower::Layout& layout() {
    static const sitepower::Layout value = [] {
        sitepower::Layout made;
        made.device = "D";
        made.points = {{"a", "V", 0.1, 0}, {"b", "V", 1, 0}, {"c", "V", 0, 0}, {"d", "Cel", -0.5, 40}};
        return made;
    }();
    return value;
}

void read_sections(const sitepower::BlockView& view) {
    for (const auto& section : view.sections) {
        sitepower::SectionReader frames(view, section, layout());
        sitepower::StoredFrame frame;
        while (frames.next(frame)) {
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> input(data, size);
    // As it is, and with a checksum that fits, since no input finds one by chance.
    if (const auto view = sitepower::parse_block(sitepower::MessageKey{1}, input)) read_sections(*view);
    sitepower::Bytes sealed(input.begin(), input.end());
    sitepower::ByteWriter(sealed).fixed(sitepower::checksum(input));
    if (const auto view = sitepower::parse_block(sitepower::MessageKey{1}, sealed)) read_sections(*view);

    sitepower::BlockView view;
    view.sections.push_back({1, 1000, input});
    read_sections(view);
    (void)sitepower::unpack_layout(input);
    (void)sitepower::unpack_rollup(input, layout(), sitepower::from_ms(0));
    return 0;
}
