#include "drivers/profile/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace sitepower {
namespace {

// nullptr when there is no such name.
template <class Value>
const Value* find(const std::vector<std::pair<std::string, Value>>& pairs, const std::string& name) {
    const auto found = std::ranges::find(pairs, name, &std::pair<std::string, Value>::first);
    return found != pairs.end() ? &found->second : nullptr;
}

Error bad_options(const Profile& profile, const DeviceOptions& options, const std::string& what) {
    return {.code = ErrorCode::validation_error,
            .message = fmt::format("device {}: profile {} {}", options.device_id, profile.id, what),
            .detail = {}};
}

std::optional<Error> check_period(const Profile& profile, const DeviceOptions& options,
                                  const PlacedPoint& placed, const std::string& group, Duration period) {
    if (placed.poll != group) return std::nullopt;
    const Duration max_age = placed.source->max_age;
    if (max_age > Duration::zero() && longest_good(period) > max_age) {
        return bad_options(
            profile, options,
            fmt::format("allows no value of point \"{}\" older than {} s: the period of poll group "
                        "\"{}\" is at most {} ms",
                        placed.point.name, std::chrono::duration<double>(max_age).count(), group,
                        longest_period(max_age).count()));
    }
    if (period >= placed.source->min_interval) return std::nullopt;
    return bad_options(profile, options,
                       fmt::format(R"(allows no period below {} ms for poll group "{}": point "{}")",
                                   placed.source->min_interval.count(), group, placed.point.name));
}

std::optional<Error> check_options(const Profile& profile, const DeviceOptions& options,
                                   const Placement& placement) {
    for (const auto& [group, period] : options.periods) {
        if (find(profile.poll, group) == nullptr) {
            std::string known;
            for (const auto& [name, unused] : profile.poll) known += (known.empty() ? "" : ", ") + name;
            return bad_options(profile, options,
                               fmt::format("has no poll group \"{}\"; it has: {}", group, known));
        }
        for (const PlacedPoint& placed : placement.points) {
            if (auto error = check_period(profile, options, placed, group, period)) return error;
        }
        for (const PlacedPoint& placed : placement.mailbox) {
            if (!options.mailboxes) break;
            if (auto error = check_period(profile, options, placed, group, period)) return error;
        }
    }
    return std::nullopt;
}

void add_layout_point(Layout& layout, const DevicePoint& point) {
    layout.points.push_back({.name = point.name,
                             .unit = point.unit,
                             .scale = point.derived ? 1 : point.registers.scale,
                             .offset = point.derived ? 0 : point.registers.offset});
}

// The strictest point decides for the whole frame.
void limit_layout_age(Layout& layout, Duration max_age) {
    if (max_age <= Duration::zero()) return;
    layout.max_age = layout.max_age > Duration::zero() ? std::min(layout.max_age, max_age) : max_age;
}

// One poll group of one unit, in the making.
class GroupBuilder {
  public:
    GroupBuilder(const Profile& profile, const DeviceOptions& options, const Placement& placement,
                 std::optional<int> unit, const std::string& poll)
        : placement_(placement), layout_(std::make_shared<Layout>()) {
        layout_->device = options.device_id;
        layout_->device_index = options.device;
        layout_->group = unit ? fmt::format("{}@{}", poll, *unit) : poll;
        for (const auto* periods : {&profile.poll, &options.periods}) {  // the site's word is the last
            if (const Duration* period = find(*periods, poll)) layout_->period = *period;
        }
    }

    void add_point(std::size_t placed) {
        limit_layout_age(*layout_, placement_.points[placed].source->max_age);
        add_layout_point(*layout_, placement_.points[placed].point);
        positions_[placed] = static_cast<std::uint32_t>(group_.points.size());
        group_.points.push_back(placement_.points[placed].point.registers);
    }

    // After all points: what the published ones need comes behind them.
    void add_requirements() {
        const auto published = positions_;
        for (const auto& [placed, position] : published) require(placed, position);
    }

    void add_derived(std::size_t placed) {
        const PlacedDerived& source = placement_.derived[placed];
        add_layout_point(*layout_, source.point);
        modbus::DerivedPoint derived{.operation = source.source->operation,
                                     .weights = source.weights,
                                     .skip_absent = source.source->skip_absent,
                                     .scale = source.source->scale,
                                     .offset = source.source->offset};
        if (source.source->range.size() == 2) {
            derived.minimum = source.source->range[0];
            derived.maximum = source.source->range[1];
        }
        derived_positions_[placed] = static_cast<std::uint32_t>(group_.derived.size());
        group_.derived.push_back(std::move(derived));
        pending_.push_back(&source);
    }

    modbus::PollGroup build(std::uint32_t first_slot) {
        for (const PlacedDerived* source : pending_) {
            for (const auto& operand : source->operands) {
                if (!operand.is_derived) position_of(operand.index);
            }
        }
        for (std::size_t i = 0; i < pending_.size(); ++i) {
            for (const auto& operand : pending_[i]->operands) {
                const auto position = operand.is_derived
                                          ? group_.points.size() + derived_positions_.at(operand.index)
                                          : positions_.at(operand.index);
                group_.derived[i].operands.push_back(static_cast<std::uint32_t>(position));
            }
        }
        layout_->first_slot = first_slot;
        group_.layout = layout_;
        return std::move(group_);
    }

  private:
    // The position of a point of the device; read along when the group has it not yet.
    std::uint32_t position_of(std::size_t placed) {
        const auto found = positions_.find(placed);
        if (found != positions_.end()) return found->second;
        const auto position = hide(placement_.points[placed].point.registers);
        positions_.emplace(placed, position);
        require(placed, position);
        return position;
    }

    void require(std::size_t placed, std::uint32_t position) {
        for (const Requirement& requirement : placement_.points[placed].requirements) {
            const auto other = shared(requirement.registers);
            group_.presences.push_back({.point = position, .other = other, .minimum = requirement.minimum});
        }
    }

    std::uint32_t hide(const modbus::RegisterPoint& registers) {
        ++group_.hidden;
        group_.points.push_back(registers);
        return static_cast<std::uint32_t>(group_.points.size() - 1);
    }

    // Many elements ask the same register whether they exist.
    std::uint32_t shared(const modbus::RegisterPoint& registers) {
        auto key =
            std::tuple(registers.table, registers.address, registers.type, registers.mask, registers.matches);
        const auto found = shared_.find(key);
        if (found != shared_.end()) return found->second;
        return shared_.emplace(std::move(key), hide(registers)).first->second;
    }

    const Placement& placement_;
    std::shared_ptr<Layout> layout_;
    modbus::PollGroup group_;
    std::map<std::size_t, std::uint32_t> positions_;  // of placed points
    std::map<std::size_t, std::uint32_t> derived_positions_;
    std::vector<const PlacedDerived*> pending_;
    std::map<std::tuple<modbus::Table, std::uint16_t, modbus::ValueType, std::uint64_t,
                        std::vector<std::uint64_t>>,
             std::uint32_t>
        shared_;
};

// Builds the poll groups in the order of unit and poll group.
class DeviceExpander {
  public:
    DeviceExpander(const Profile& profile, const DeviceOptions& options, Placement placement)
        : profile_(profile), options_(options), placement_(std::move(placement)) {}

    ExpandedDevice run() {
        collect();
        device_.plan = unit_plan(options_.unit);
        device_.plan.headers = profile_.headers;
        for (const auto& [key, members] : groups_) build_group(key, members);
        if (options_.mailboxes) add_mailboxes();
        device_.texts = std::move(placement_.texts);
        return std::move(device_);
    }

  private:
    using Key = std::pair<int, std::string>;  // unit, -1 for the device's own; poll group
    struct Members {
        std::vector<std::size_t> points;
        std::vector<std::size_t> derived;
    };

    void collect() {
        for (std::size_t i = 0; i < placement_.points.size(); ++i) {
            const PlacedPoint& placed = placement_.points[i];
            if (!placed.hidden) groups_[{placed.unit.value_or(-1), placed.poll}].points.push_back(i);
        }
        for (std::size_t i = 0; i < placement_.derived.size(); ++i) {
            const PlacedDerived& placed = placement_.derived[i];
            groups_[{placed.unit.value_or(-1), placed.poll}].derived.push_back(i);
        }
    }

    // No other request may touch a window that goes on with each read.
    modbus::UnitLimits limits() const {
        modbus::UnitLimits limits = profile_.limits;
        for (const ProfileMailbox& mailbox : profile_.mailboxes) {
            if (!options_.mailboxes || mailbox.windows == 1) continue;
            limits.barriers.push_back(static_cast<std::uint16_t>(mailbox.window_address));
            const int end = mailbox.window_address + mailbox.window_length;
            if (end < 0x10000) limits.barriers.push_back(static_cast<std::uint16_t>(end));
        }
        return limits;
    }

    modbus::UnitPlan unit_plan(int unit) const {
        return {.device = options_.device,
                .device_id = options_.device_id,
                .unit = unit,
                .limits = limits(),
                .timing = static_cast<const modbus::UnitTiming&>(profile_.timing),
                .groups = {}};
    }

    modbus::UnitPlan& plan_of(int unit) {
        if (unit < 0) return device_.plan;
        if (device_.sub_units.empty() || device_.sub_units.back().unit != unit) {
            device_.sub_units.push_back(unit_plan(unit));
        }
        return device_.sub_units.back();
    }

    void build_group(const Key& key, const Members& members) {
        const auto& [unit, poll] = key;
        GroupBuilder builder(profile_, options_, placement_, unit < 0 ? std::nullopt : std::optional(unit),
                             poll);
        for (const auto placed : members.points) builder.add_point(placed);
        builder.add_requirements();
        for (const auto placed : members.derived) builder.add_derived(placed);
        const auto first_slot = static_cast<std::uint32_t>(device_.points.size());
        plan_of(unit).groups.push_back(builder.build(first_slot));
        for (const auto placed : members.points) device_.points.push_back(placement_.points[placed].point);
        for (const auto placed : members.derived) device_.points.push_back(placement_.derived[placed].point);
    }

    void add_mailboxes() {
        for (const ProfileMailbox& mailbox : profile_.mailboxes) {
            for (std::size_t turn = 0; turn < mailbox.turns(); ++turn)
                add_turn(mailbox, static_cast<int>(turn));
        }
    }

    // The points of one index.
    void add_turn(const ProfileMailbox& mailbox, int turn) {
        auto layout = std::make_shared<Layout>();
        modbus::PollGroup group{.layout = layout, .points = {}, .mailbox = mailbox_of(mailbox, turn)};
        layout->first_slot = static_cast<std::uint32_t>(device_.points.size());
        layout->device = options_.device_id;
        layout->device_index = options_.device;
        layout->group = mailbox.indices.empty()
                            ? mailbox.name
                            : fmt::format("{}.{}", mailbox.name, mailbox.indices[std::size_t(turn)]);
        for (const PlacedPoint& placed : placement_.mailbox) {
            auto registers = placed.point.registers;
            const bool is_other =
                placed.source->mailbox != mailbox.name || registers.address / mailbox.words() != turn;
            if (placed.hidden || is_other) continue;
            registers.table = modbus::Table::holding;
            registers.address = static_cast<std::uint16_t>(registers.address % mailbox.words());
            group.points.push_back(std::move(registers));
            add_layout_point(*layout, placed.point);
            limit_layout_age(*layout, placed.source->max_age);
            for (const auto* periods : {&profile_.poll, &options_.periods}) {
                if (const Duration* period = find(*periods, placed.poll)) layout->period = *period;
            }
            device_.points.push_back(placed.point);
        }
        if (!group.points.empty()) device_.plan.groups.push_back(std::move(group));
    }

    modbus::Mailbox mailbox_of(const ProfileMailbox& mailbox, int turn) const {
        modbus::Mailbox box{.name = mailbox.name,
                            .request_address = static_cast<std::uint16_t>(mailbox.request_address),
                            .window_address = static_cast<std::uint16_t>(mailbox.window_address),
                            .window_length = static_cast<std::uint16_t>(mailbox.window_length),
                            .windows = mailbox.windows,
                            .settle = profile_.timing.write_settle,
                            .ready_within = mailbox.ready_within};
        for (const auto word : mailbox.request) box.request.push_back(static_cast<std::uint16_t>(word));
        if (!mailbox.indices.empty()) {
            box.index = static_cast<std::uint16_t>(mailbox.indices[static_cast<std::size_t>(turn)]);
            box.request[static_cast<std::size_t>(mailbox.index_word)] = *box.index;
        }
        const auto index = box.index.value_or(0);
        box.signs.push_back({.address = static_cast<std::uint16_t>(mailbox.ready_address),
                             .word = mailbox.ready ? static_cast<std::uint16_t>(*mailbox.ready) : index,
                             .shows_index = !mailbox.ready});
        if (mailbox.index_address) {
            box.signs.push_back({.address = static_cast<std::uint16_t>(*mailbox.index_address),
                                 .word = index,
                                 .shows_index = true});
        }
        return box;
    }

    const Profile& profile_;
    const DeviceOptions& options_;
    Placement placement_;
    std::map<Key, Members> groups_;
    ExpandedDevice device_;
};

}  // namespace

Duration longest_good(Duration period) {
    return std::max(period * 3 / 2, Duration{1000});
}

Duration longest_period(Duration max_age) {
    return max_age * 2 / 3;
}

Result<ExpandedDevice> expand(const Profile& profile, const DeviceOptions& options) {
    Placement placement = place(profile);
    if (auto error = check_options(profile, options, placement)) return *std::move(error);
    return DeviceExpander(profile, options, std::move(placement)).run();
}

}  // namespace sitepower
