#include "daemon/store/frame_codec.hpp"

#include <bit>
#include <cmath>

namespace sitepower {

namespace {

// Flags of a frame.
constexpr std::uint8_t clock_synchronised_flag = 1;
constexpr std::uint8_t same_quality_flag = 2;  // as in the frame before; all good before the first
constexpr std::uint8_t expected_seq_flag = 4;
constexpr std::uint8_t all_flags = 7;

// What stands before a value. Any larger number is grid_marker + zigzag(distance on the grid).
constexpr std::uint64_t double_marker = 0;
constexpr std::uint64_t float_marker = 1;
constexpr std::uint64_t grid_marker = 2;

// Beyond this an integer is not exact in a double.
constexpr double grid_limit = 9007199254740992.0;  // 2^53

bool same_bits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void pack_quality(const std::vector<Quality>& quality, ByteWriter& out) {
    for (std::size_t from = 0; from < quality.size();) {
        std::size_t to = from + 1;
        while (to < quality.size() && quality[to] == quality[from]) ++to;
        out.byte(static_cast<std::uint8_t>(quality[from]));
        out.varint(to - from);
        from = to;
    }
}

bool unpack_quality(ByteReader& in, std::vector<Quality>& quality) {
    for (std::size_t from = 0; from < quality.size();) {
        const auto value = static_cast<Quality>(in.byte());
        const auto run = in.varint();
        if (run == 0 || run > quality.size() - from) return false;
        std::fill_n(quality.begin() + static_cast<std::ptrdiff_t>(from), run, value);
        from += static_cast<std::size_t>(run);
    }
    return !in.failed();
}

void pack_value(double value, const Scaling& scaling, std::int64_t& last, ByteWriter& out) {
    if (const auto index = grid_index(value, scaling)) {
        out.varint(grid_marker + to_zigzag(*index - last));
        last = *index;
        return;
    }
    const auto narrow = static_cast<float>(value);
    if (same_bits(static_cast<double>(narrow), value)) {
        out.byte(float_marker);
        out.fixed(narrow);
    } else {
        out.byte(double_marker);
        out.fixed(value);
    }
}

double unpack_value(ByteReader& in, const Scaling& scaling, std::int64_t& last) {
    const auto marker = in.varint();
    if (marker == double_marker) return in.fixed<double>();
    if (marker == float_marker) return static_cast<double>(in.fixed<float>());
    // Unsigned, so that nonsense from a damaged disk wraps around instead of overflowing.
    last = static_cast<std::int64_t>(static_cast<std::uint64_t>(last) +
                                     static_cast<std::uint64_t>(from_zigzag(marker - grid_marker)));
    return scaling.value(static_cast<double>(last));
}

std::vector<Scaling> scalings_of(const Layout& layout) {
    std::vector<Scaling> scalings;
    scalings.reserve(layout.points.size());
    for (const auto& point : layout.points) scalings.emplace_back(point.scale, point.offset);
    return scalings;
}

}  // namespace

std::optional<std::int64_t> grid_index(double value, const Scaling& scaling) {
    const double exact = scaling.raw(value);
    if (!(std::abs(exact) < grid_limit)) return std::nullopt;
    const auto index = static_cast<std::int64_t>(exact + (exact < 0 ? -0.5 : 0.5));
    if (!same_bits(scaling.value(static_cast<double>(index)), value)) return std::nullopt;
    return index;
}

std::int64_t Ramp::distance_to(std::int64_t value) const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(last_) -
                                     static_cast<std::uint64_t>(step_));
}

std::int64_t Ramp::at_distance(std::int64_t distance) const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(last_) + static_cast<std::uint64_t>(step_) +
                                     static_cast<std::uint64_t>(distance));
}

void Ramp::move_to(std::int64_t value) {
    step_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(last_));
    last_ = value;
}

RunState::RunState(const Layout& run_layout, RunStart start)
    : scalings(scalings_of(run_layout)),
      key(static_cast<std::int64_t>(start.key), 0),
      time(to_ms(start.time), 0),
      seq(0, 1),
      quality(run_layout.points.size(), Quality::good),
      grid(run_layout.points.size(), 0) {}

void FramePacker::pack(MessageKey key, std::uint64_t seq, const Frame& frame, ByteWriter& out) {
    const auto key_number = static_cast<std::int64_t>(key);
    const auto seq_number = static_cast<std::int64_t>(seq);
    const bool same_quality = frame.quality == state_.quality;
    const bool expected_seq = state_.seq.distance_to(seq_number) == 0;
    out.byte(static_cast<std::uint8_t>((frame.clock_synchronised ? clock_synchronised_flag : 0) |
                                       (same_quality ? same_quality_flag : 0) |
                                       (expected_seq ? expected_seq_flag : 0)));
    out.zigzag(state_.key.distance_to(key_number));
    out.zigzag(state_.time.distance_to(to_ms(frame.time)));
    if (!expected_seq) out.zigzag(seq_number);
    state_.key.move_to(key_number);
    state_.time.move_to(to_ms(frame.time));
    state_.seq = Ramp(seq_number, 1);
    if (!same_quality) {
        pack_quality(frame.quality, out);
        state_.quality = frame.quality;
    }
    for (std::size_t i = 0; i < state_.grid.size(); ++i) {
        pack_value(frame.values[i], state_.scalings[i], state_.grid[i], out);
    }
}

bool FrameUnpacker::unpack(ByteReader& in, StoredFrame& frame) {
    const auto flags = in.byte();
    if (in.failed() || flags > all_flags) return false;
    const auto key = state_.key.at_distance(in.zigzag());
    const auto time = state_.time.at_distance(in.zigzag());
    const auto seq = (flags & expected_seq_flag) != 0 ? state_.seq.at_distance(0) : in.zigzag();
    state_.key.move_to(key);
    state_.time.move_to(time);
    state_.seq = Ramp(seq, 1);
    if ((flags & same_quality_flag) == 0 && !unpack_quality(in, state_.quality)) return false;
    frame.key = MessageKey{key};
    frame.seq = static_cast<std::uint64_t>(seq);
    frame.time = from_ms(time);
    frame.clock_synchronised = (flags & clock_synchronised_flag) != 0;
    frame.quality = state_.quality;
    frame.values.resize(state_.grid.size());
    for (std::size_t i = 0; i < state_.grid.size(); ++i) {
        frame.values[i] = unpack_value(in, state_.scalings[i], state_.grid[i]);
    }
    return !in.failed();
}

}  // namespace sitepower
