#include "drivers/sunspec/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace sitepower::sunspec {
namespace {

constexpr Duration fast_period{1000};
constexpr Duration slow_period{60'000};

struct Encoding {
    PointType type = PointType::u16;
    std::vector<std::int64_t> invalid;
};

// SunSpec Device Information Model Specification, "unimplemented" values. A float's is NaN.
Encoding encoding_of(PointKind kind) {
    constexpr std::int64_t lowest64 = std::numeric_limits<std::int64_t>::min();
    using enum PointKind;
    switch (kind) {
        case int16:
            return {PointType::s16, {0x8000}};
        case acc16:
            return {PointType::u16, {0}};
        case uint16:
        case enum16:
        case bitfield16:
        case pad:
            return {PointType::u16, {0xFFFF}};
        case int32:
            return {PointType::s32, {0x80000000}};
        case acc32:
            return {PointType::u32, {0}};
        case uint32:
        case enum32:
        case bitfield32:
            return {PointType::u32, {0xFFFFFFFF}};
        case int64:
            return {PointType::s64, {lowest64}};
        case uint64:
            return {PointType::u64, {-1}};
        case acc64:
            return {PointType::u64, {0}};
        case float32:
            return {PointType::f32, {}};
        case float64:
            return {PointType::f64, {}};
        case string:
            return {PointType::string, {}};
        case sunssf:
            return {PointType::sunssf, {}};
    }
    return {};
}

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// How grave a flag is that calls itself so; a flag that says neither is for information.
std::string_view severity_of(std::string_view name) {
    for (const std::string_view word : {"fault", "alarm", "error", "blown", "arc_"}) {
        if (name.find(word) != std::string_view::npos) return "critical";
    }
    for (const std::string_view word : {"warning", "over_", "under_", "failure", "missing", "loss"}) {
        if (name.find(word) != std::string_view::npos) return "warning";
    }
    return "";
}

std::string numbered(std::string_view pattern, int number) {
    std::string name(pattern);
    const auto open = name.find('{');
    const auto close = name.find('}', open);
    if (open == std::string::npos || close == std::string::npos) return name;
    return name.replace(open, close + 1 - open, std::to_string(number));
}

// Adds the points of one model to a profile.
class ModelPlacer {
  public:
    ModelPlacer(const Model& model, const ChainModel& place, std::string prefix, MadeProfile& made)
        : model_(model), place_(place), prefix_(std::move(prefix)), made_(made) {}

    void run() {
        int address = place(model_.points, prefix_, place_.address + 2);
        if (model_.groups.empty() || !groups_fit()) return;
        for (const auto& group : model_.groups) address = place_group(group, prefix_, address);
    }

  private:
    int room() const { return place_.length - model_.fixed_length(); }

    // Groups that do not fill the model exactly are of another layout than the one that is known.
    bool groups_fit() {
        std::int64_t length = 0;
        for (const auto& group : model_.groups) {
            if (elements(group) > most_elements) length = std::numeric_limits<int>::max();
            length += elements(group) * element_length(group);
        }
        if (length == room()) return true;
        made_.left_out.push_back(fmt::format("{}: what repeats in model {} does not fill its length {}",
                                             prefix_, place_.id, place_.length));
        return false;
    }

    std::int64_t count_of(const ModelGroup& group) const {
        const auto found = std::ranges::find(place_.counts, group.count, &std::pair<std::string, int>::first);
        return found == place_.counts.end() ? 0 : found->second;
    }

    std::int64_t elements(const ModelGroup& group) const {
        if (!group.repeats()) return 1;
        if (!group.count.empty()) return count_of(group);
        return room() / std::max<std::int64_t>(element_length(group), 1);
    }

    // Registers of one element.
    std::int64_t element_length(const ModelGroup& group) const {
        std::int64_t length = length_of(group.points);
        for (const auto& inner : group.groups) length += elements(inner) * element_length(inner);
        return length;
    }

    int place_group(const ModelGroup& group, const std::string& prefix, int address) {
        const auto count = static_cast<int>(elements(group));
        for (int i = 1; i <= count; ++i) {
            const auto name = prefix + "." + numbered(group.name, i);
            address = place(group.points, name, address);
            for (const auto& inner : group.groups) address = place_group(inner, name, address);
        }
        return address;
    }

    int place(const std::vector<ModelPoint>& points, const std::string& prefix, int address) {
        for (const auto& point : points) {
            if (!point.name.empty() || point.type == PointKind::sunssf) add(point, prefix, address);
            address += point.registers();
        }
        return address;
    }

    void add(const ModelPoint& point, const std::string& prefix, int address) {
        const auto encoding = encoding_of(point.type);
        ProfilePoint made;
        made.name = prefix + "." + (point.name.empty() ? lower_case(point.sunspec) : point.name);
        made.label = point.sunspec;
        made.unit = point.unit;
        made.address = address;
        made.type = encoding.type;
        made.invalid = encoding.invalid;
        made.scale = point.scale;
        made.length = point.size;
        made.words = point.words;
        made.poll = model_.poll;
        if (!point.sf.empty()) made.sf = prefix_ + "." + lower_case(point.sf);
        for (const auto& [bit, flag] : point.flags) add_flag(made, bit, flag);
        made_.profile.points.push_back(std::move(made));
    }

    static void add_flag(ProfilePoint& point, const std::string& bit, const std::string& flag) {
        ProfileBit made{.name = point.name + "." + flag,
                        .label = flag,
                        .alarm = std::string(severity_of(flag)),
                        .origins = {}};
        std::from_chars(bit.data(), bit.data() + bit.size(), made.bit);
        if (made.bit < 64) point.bits.push_back(std::move(made));
    }

    const Model& model_;
    const ChainModel& place_;
    std::string prefix_;
    MadeProfile& made_;
};

class ProfileMaker {
  public:
    ProfileMaker(const ChainDevice& device, const Models& models) : device_(device), models_(models) {}

    MadeProfile run() {
        auto& profile = made_.profile;
        profile.id = "sunspec";
        profile.manufacturer = device_.manufacturer;
        profile.models = {device_.model};
        profile.reference = "SunSpec information models";
        profile.limits.max_hole = 124;  // every register of a model is there
        profile.poll = {{"fast", fast_period}, {"slow", slow_period}};
        profile.defaults.poll = "fast";
        for (const auto& place : device_.models) add(place);
        return std::move(made_);
    }

  private:
    void add(const ChainModel& place) {
        made_.profile.limits.barriers.push_back(static_cast<std::uint16_t>(place.address));
        const auto* model = models_.find(place.id);
        if (model == nullptr) {
            made_.left_out.push_back(fmt::format("model {} at {}: not known", place.id, place.address));
            return;
        }
        if (!has_legal_length(*model, place)) {
            made_.left_out.push_back(fmt::format("model {} at {}: length {} is not one that it can have",
                                                 place.id, place.address, place.length));
            return;
        }
        if (model->kind != ProfileKind::other && made_.profile.kind == ProfileKind::other) {
            made_.profile.kind = model->kind;
        }
        made_.profile.headers.push_back(
            {.address = static_cast<std::uint16_t>(place.address),
             .content =
                 static_cast<std::uint32_t>(place.id) << 16U | static_cast<std::uint32_t>(place.length),
             .end = static_cast<std::uint32_t>(place.address + 2 + place.length)});
        ModelPlacer(*model, place, prefix_of(*model), made_).run();
    }

    static bool has_legal_length(const Model& model, const ChainModel& place) {
        if (!model.lengths.empty())
            return std::ranges::find(model.lengths, place.length) != model.lengths.end();
        return place.length >= model.fixed_length();
    }

    std::string prefix_of(const Model& model) {
        const int number = ++numbers_[model.name];
        return number > 1 || model.numbered ? model.name + std::to_string(number) : model.name;
    }

    const ChainDevice& device_;
    const Models& models_;
    MadeProfile made_;
    std::map<std::string, int> numbers_;
};

}  // namespace

MadeProfile make_profile(const ChainDevice& device, const Models& models) {
    return ProfileMaker(device, models).run();
}

}  // namespace sitepower::sunspec
