#include "daemon/store/layout_codec.hpp"

namespace sitepower {

namespace {
// A name, a unit, two doubles: the least that a point takes.
constexpr std::size_t smallest_point = 2 + 2 * sizeof(double);
}  // namespace

Bytes pack_layout(const Layout& layout) {
    Bytes data;
    ByteWriter out(data);
    out.text(layout.device);
    out.varint(position(layout.device_index));
    out.text(layout.group);
    out.zigzag(layout.period.count());
    out.varint(layout.first_slot);
    out.varint(layout.points.size());
    for (const auto& point : layout.points) {
        out.text(point.name);
        out.text(point.unit);
        out.fixed(point.scale);
        out.fixed(point.offset);
    }
    return data;
}

std::shared_ptr<const Layout> unpack_layout(std::span<const std::uint8_t> data) {
    auto layout = std::make_shared<Layout>();
    ByteReader in(data);
    layout->device = in.text();
    layout->device_index = DeviceIndex{static_cast<std::uint32_t>(in.varint())};
    layout->group = in.text();
    layout->period = Duration{in.zigzag()};
    layout->first_slot = static_cast<std::uint32_t>(in.varint());
    const auto points = in.varint();
    if (in.failed() || points > in.left() / smallest_point) return nullptr;
    layout->points.resize(static_cast<std::size_t>(points));
    for (auto& point : layout->points) {
        point.name = in.text();
        point.unit = in.text();
        point.scale = in.fixed<double>();
        point.offset = in.fixed<double>();
    }
    return in.at_end() ? layout : nullptr;
}

}  // namespace sitepower
