// Frames as the measured devices give them, made without devices: 98 points of 100 registers, with noise. For
// the measurements of single parts.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/frame.hpp"
#include "daemon/message/message.hpp"

namespace sitepower::bench {

inline constexpr std::size_t frame_registers = 100;

class FrameSource {
  public:
    FrameSource();

    const std::shared_ptr<const Layout>& layout() const { return layout_; }
    FramePtr next();
    std::shared_ptr<const Message> next_message(MessageKey key, std::uint64_t epoch_bits);
    const std::vector<std::uint16_t>& next_registers();

  private:
    std::uint16_t noisy_register();

    std::shared_ptr<const Layout> layout_;
    std::vector<std::uint16_t> registers_;
    std::uint32_t random_ = 2'463'534'242U;
    Time time_ = from_ms(1'767'225'600'000);
    std::uint64_t made_ = 0;
};

}  // namespace sitepower::bench
