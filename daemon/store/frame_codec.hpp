// Packs frames of one layout into bytes, one after the other, and back: lossless, bit for bit. Used by the
// writer's thread and by Readers; pure computation.
//
// A frame is: flags, key, time, sequence (when not the expected one), qualities (when they changed), values.
// Key, time and sequence are stored as their distance from a straight line through the two frames before. A
// value that is an exact integer on its point's grid (value = n * scale + offset) is stored as the distance
// of n from the frame before, typically one byte; a value that a float holds exactly takes 5 bytes, any
// other 9.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/frame.hpp"
#include "core/base/scaling.hpp"
#include "daemon/message/message.hpp"
#include "daemon/store/bytes.hpp"

namespace sitepower {

// A frame as stored, without its layout.
struct StoredFrame {
    MessageKey key{};
    std::uint64_t seq = 0;
    Time time{};
    bool clock_synchronised = true;
    std::vector<double> values;
    std::vector<Quality> quality;
};

// The n of value = n * scale + offset, when there is one that gives exactly this value back.
std::optional<std::int64_t> grid_index(double value, const Scaling& scaling);

// A straight line through the last two numbers: what comes next, if the series is even.
class Ramp {
  public:
    explicit Ramp(std::int64_t first, std::int64_t step) : last_(first), step_(step) {}
    // Wraps around instead of overflowing: any distance can be undone.
    std::int64_t distance_to(std::int64_t value) const;
    std::int64_t at_distance(std::int64_t distance) const;
    void move_to(std::int64_t value);

  private:
    std::int64_t last_;
    std::int64_t step_;
};

// Where the first frame of a run is expected; both sides must agree on it.
struct RunStart {
    MessageKey key{};
    Time time{};
};

// State that packer and unpacker carry alike from frame to frame.
struct RunState {
    RunState(const Layout& run_layout, RunStart start);

    std::vector<Scaling> scalings;  // of each point
    Ramp key;
    Ramp time;
    Ramp seq;
    std::vector<Quality> quality;
    std::vector<std::int64_t> grid;  // last n of each point
};

class FramePacker {
  public:
    FramePacker(const Layout& layout, RunStart start) : state_(layout, start) {}
    // The frame's values and quality have one entry per point of the layout.
    void pack(MessageKey key, std::uint64_t seq, const Frame& frame, ByteWriter& out);

  private:
    RunState state_;
};

class FrameUnpacker {
  public:
    FrameUnpacker(const Layout& layout, RunStart start) : state_(layout, start) {}
    // False when the bytes are not a frame; `frame` is then half filled.
    bool unpack(ByteReader& in, StoredFrame& frame);

  private:
    RunState state_;
};

}  // namespace sitepower
