#include "bench/harness/frames.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sitepower::bench {
namespace {

std::shared_ptr<const Layout> make_layout() {
    auto layout = std::make_shared<Layout>();
    layout->device = "DEV-1-01";
    layout->group = "all";
    layout->period = Duration{1000};
    layout->points = {{.name = "stamp", .unit = ""}, {.name = "counter", .unit = ""}};
    for (std::size_t address = 4; address < frame_registers; ++address) {
        layout->points.push_back(
            {.name = fmt::format("jar{:03}.voltage_v", address), .unit = "V", .scale = 0.001});
    }
    return layout;
}

}  // namespace

FrameSource::FrameSource() : layout_(make_layout()), registers_(frame_registers) {}

FramePtr FrameSource::next() {
    auto frame = std::make_shared<Frame>();
    frame->layout = layout_;
    frame->time = time_ += layout_->period;
    frame->values = {1e9 + 1e6 * static_cast<double>(made_ % 2000), static_cast<double>(++made_)};
    while (frame->values.size() < layout_->points.size()) {
        frame->values.push_back(noisy_register() * 0.001);
    }
    frame->quality.assign(layout_->points.size(), Quality::good);
    return frame;
}

std::shared_ptr<const Message> FrameSource::next_message(MessageKey key, std::uint64_t epoch_bits) {
    return std::make_shared<const Message>(Message{.key = key,
                                                   .epoch_bits = epoch_bits,
                                                   .seq = made_ + 1,
                                                   .kind = MessageKind::readings,
                                                   .topic = "device/DEV-1-01/readings",
                                                   .retained = false,
                                                   .expiry = {},
                                                   .body = next()});
}

const std::vector<std::uint16_t>& FrameSource::next_registers() {
    std::ranges::generate(registers_, [this] { return noisy_register(); });
    return registers_;
}

// Marsaglia's xorshift with 32 bits.
std::uint16_t FrameSource::noisy_register() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    return static_cast<std::uint16_t>(12'000 + (random_ >> 8) % 64);
}

}  // namespace sitepower::bench
