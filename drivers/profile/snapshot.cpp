#include "drivers/profile/snapshot.hpp"

#include <algorithm>
#include <utility>

#include "core/base/time.hpp"
#include "drivers/modbus/complete.hpp"
#include "drivers/modbus/decode.hpp"
#include "drivers/modbus/planner.hpp"
#include "drivers/modbus/text.hpp"

namespace sitepower {
namespace {

// What lies from the first register of the point (or of its scale factor) to the last one. Registers in
// between that the image does not hold read as 0; nullopt when one of the point's own is missing.
std::optional<modbus::Reading> decode(const modbus::RegisterPoint& point, int unit,
                                      const RegisterImage& image) {
    auto alone = point;
    alone.together.reset();  // a capture need not hold what a poll would ask for
    const modbus::PointSpan span = modbus::span_of(alone);
    if (!image.get(unit, point)) return std::nullopt;
    if (point.scale_factor && !image.get(unit, point.table, point.scale_factor->address)) return std::nullopt;
    std::vector<std::uint16_t> words;
    for (std::uint32_t address = span.begin; address < span.end; ++address) {
        words.push_back(image.get(unit, point.table, static_cast<int>(address)).value_or(0));
    }
    return modbus::PointDecoder(point, static_cast<std::uint16_t>(span.begin)).decode(words);
}

class SnapshotTaker {
  public:
    explicit SnapshotTaker(const RegisterImage& image) : image_(image) {}

    void take(const modbus::UnitPlan& plan, int unit, const std::vector<DevicePoint>& points) {
        for (const modbus::PollGroup& group : plan.groups) take_group(group, unit, points);
    }

    void take_text(const PlacedText& placed) {
        SnapshotValue value = start(placed.point, placed.unit.value_or(own_unit));
        if (!value.words.empty()) {
            auto reading = modbus::decode_text(value.words, placed.source->chars,
                                               placed.point.registers.byte_order, placed.source->pad.front());
            value.text = std::move(reading.text);
            value.quality = reading.quality;
        }
        values_.push_back(std::move(value));
    }

    void take_mailbox_point(const PlacedPoint& placed, int unit) {
        SnapshotValue value = start(placed.point, unit);
        if (const auto reading = decode(placed.point.registers, unit, image_)) {
            value.value = reading->value;
            value.quality = reading->quality;
        }
        values_.push_back(std::move(value));
    }

    std::vector<SnapshotValue> finish() { return std::move(values_); }

  private:
    SnapshotValue start(const DevicePoint& point, int unit) const {
        SnapshotValue value{.point = point, .unit = unit};
        if (!point.derived)
            value.words = image_.get(unit, point.registers).value_or(std::vector<std::uint16_t>{});
        return value;
    }

    void take_group(const modbus::PollGroup& group, int unit, const std::vector<DevicePoint>& points) {
        std::vector<double> values;
        std::vector<Quality> quality;
        for (const modbus::RegisterPoint& point : group.points) {
            const auto reading = decode(point, unit, image_);
            values.push_back(reading ? reading->value : 0);
            quality.push_back(reading ? reading->quality : Quality::comm_error);
        }
        modbus::complete(group, values, quality);
        for (std::size_t i = 0; i < values.size(); ++i) {
            SnapshotValue value = start(points[group.layout->first_slot + i], unit);
            value.value = values[i];
            value.quality = quality[i];
            const bool is_date = value.point.registers.type == modbus::ValueType::datetime;
            if (is_date && value.quality == Quality::good) value.text = clock_text(value.value);
            values_.push_back(std::move(value));
        }
    }

    const RegisterImage& image_;
    std::vector<SnapshotValue> values_;
};

}  // namespace

std::string clock_text(double seconds) {
    return format_time(from_ms(static_cast<std::int64_t>(seconds) * 1000)).substr(0, 19);
}

std::optional<std::uint16_t> RegisterImage::get(int unit, modbus::Table table, int address) const {
    const auto found = words_.find({unit, table, address});
    return found != words_.end() ? std::optional(found->second) : std::nullopt;
}

std::optional<std::vector<std::uint16_t>> RegisterImage::get(int unit,
                                                             const modbus::RegisterPoint& point) const {
    std::vector<std::uint16_t> words;
    const int count = modbus::is_bit_table(point.table) ? 1 : point.registers();
    for (int i = 0; i < count; ++i) {
        const auto word = get(unit, point.table, point.address + i);
        if (!word) return std::nullopt;
        words.push_back(*word);
    }
    return words;
}

std::vector<SnapshotValue> snapshot(const Profile& profile, const RegisterImage& image) {
    const auto device = expand(profile, {});
    if (!device) return {};  // not without options
    SnapshotTaker taker(image);
    taker.take(device->plan, own_unit, device->points);
    for (const auto& plan : device->sub_units) taker.take(plan, plan.unit, device->points);
    for (const PlacedText& text : device->texts) taker.take_text(text);
    const Placement placement = place(profile);
    for (const PlacedPoint& placed : placement.mailbox) {
        const auto mailbox =
            std::ranges::find(profile.mailboxes, placed.source->mailbox, &ProfileMailbox::name);
        const auto number = static_cast<std::size_t>(mailbox - profile.mailboxes.begin());
        taker.take_mailbox_point(placed, mailbox_unit(number));
    }
    return taker.finish();
}

}  // namespace sitepower
