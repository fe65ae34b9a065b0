#include "drivers/profile/survey.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "drivers/modbus/group_reader.hpp"
#include "drivers/modbus/text.hpp"

namespace sitepower {
namespace {

// A block that the device refuses is halved over several polls until only the refused registers are left.
constexpr int most_polls = 12;
constexpr const char* refused_words = "the device refused its registers";

class SurveyAsker final : public modbus::Asker {
  public:
    SurveyAsker(modbus::LineReader& line, Survey& survey, int unit)
        : line_(line), survey_(survey), unit_(unit) {}

    Reply ask(modbus::ReadPlan& plan) override {
        const auto& question = plan.question;
        words_.resize(question.count);
        const auto answer = line_.read(question, words_);
        if (answer.good()) {
            ++survey_.answered;
            for (int i = 0; i < question.count; ++i) {
                survey_.words[{unit_, question.table, question.address + i}] =
                    words_[static_cast<std::size_t>(i)];
            }
        } else {
            last_refusal_ = describe(question) + ": " + describe(answer);
            if (survey_.failure.empty()) survey_.failure = last_refusal_;
        }
        return {.answer = answer, .words = words_};
    }
    void stamp(Frame& /*frame*/) override {}

    const std::string& last_refusal() const { return last_refusal_; }

  private:
    modbus::LineReader& line_;
    Survey& survey_;
    int unit_;
    std::vector<std::uint16_t> words_;
    std::string last_refusal_;
};

std::vector<std::uint16_t> raw_of(const modbus::RegisterPoint& point, int unit, const Survey& survey) {
    std::vector<std::uint16_t> raw;
    const int count = modbus::is_bit_table(point.table) ? 1 : point.registers();
    for (int i = 0; i < count; ++i) {
        const auto found = survey.words.find({unit, point.table, point.address + i});
        if (found == survey.words.end()) return {};
        raw.push_back(found->second);
    }
    return raw;
}

// False when the device does not answer at all. `unit`: what its registers are kept under.
bool survey_group(const modbus::UnitPlan& plan, const modbus::PollGroup& group, int unit,
                  modbus::LineReader& line, Survey& survey) {
    SurveyAsker asker(line, survey, unit);
    modbus::GroupReader reader(plan, group);
    FramePtr frame;
    for (int i = 0; i < most_polls; ++i) {
        const auto before = line.requests();
        const auto attempt = reader.read(asker, modbus::SteadyTime{} + std::chrono::seconds(i));
        if (attempt.frame != nullptr) frame = attempt.frame;
        const bool unfinished =
            attempt.frame == nullptr ||
            std::ranges::find(attempt.frame->quality, Quality::comm_error) != attempt.frame->quality.end();
        if (!attempt.alive && survey.answered == 0 && line.requests() > before) return false;
        if (!unfinished || !attempt.asked) break;
    }
    const auto first = group.layout->first_slot;
    for (std::size_t i = 0; i < group.layout->points.size(); ++i) {
        auto& point = survey.points[first + i];
        const bool is_derived = i >= group.published();
        point.unit = unit;
        if (!is_derived) point.raw = raw_of(group.points[i], unit, survey);
        if (frame == nullptr) {
            point.reason = asker.last_refusal();
            continue;
        }
        point.value = frame->values[i];
        point.quality = frame->quality[i];
        const bool has_range = is_derived ? group.derived[i - group.published()].minimum.has_value()
                                          : group.points[i].minimum.has_value();
        point.reason = reason_of(point.quality, *point.point, has_range);
        const bool refused = point.quality != Quality::good && point.raw.empty() && !is_derived;
        if (refused && !asker.last_refusal().empty()) point.reason = refused_words;
        survey.good += point.quality == Quality::good ? 1 : 0;
    }
    return true;
}

void survey_text(const PlacedText& text, int device_unit, modbus::LineReader& line, Survey& survey) {
    const auto& registers = text.point.registers;
    SurveyedPoint point{.point = &text.point, .unit = text.unit.value_or(own_unit), .is_text = true};
    SurveyAsker asker(line, survey, point.unit);
    modbus::ReadPlan plan{.question = {.unit = static_cast<std::uint8_t>(text.unit.value_or(device_unit)),
                                       .table = registers.table,
                                       .address = registers.address,
                                       .count = static_cast<std::uint16_t>(registers.registers())}};
    const auto answer = asker.ask(plan).answer;
    if (answer.good()) {
        point.raw = raw_of(registers, point.unit, survey);
        auto reading = modbus::decode_text(point.raw, text.source->chars, registers.byte_order,
                                           text.source->pad.front());
        point.text = std::move(reading.text);
        point.quality = reading.quality;
        point.reason = reason_of(point.quality, text.point, false);
        survey.good += point.quality == Quality::good ? 1 : 0;
    } else if (answer.denies_registers()) {
        point.quality = Quality::not_implemented;
        point.reason = refused_words;
    } else {
        point.reason = asker.last_refusal();
    }
    survey.points.push_back(std::move(point));
}

// Without a range it is the registers themselves that make no value.
std::string why_no_number(const DevicePoint& point) {
    if (point.derived) return "cannot be worked out of these operands";
    switch (point.registers.type) {
        case modbus::ValueType::datetime:
            return "no date and time";
        case modbus::ValueType::text:
            return "characters that are no text";
        case modbus::ValueType::f32:
        case modbus::ValueType::f64:
            return "no finite number";
        default:
            return point.registers.bcd ? "four of its bits are no decimal digit"
                                       : "beyond 2^53, where a reading is not exact";
    }
}

}  // namespace

std::string reason_of(Quality quality, const DevicePoint& point, bool has_range) {
    switch (quality) {
        case Quality::good:
            return "";
        case Quality::not_implemented:
            return "the device says that it has no such value";
        case Quality::out_of_range:
            return has_range ? "outside the range that the profile allows" : why_no_number(point);
        case Quality::comm_error:
            return "could not be read";
        case Quality::stale:
            return "too old";
        case Quality::invalid_scale:
            return "its scale factor is not available";
    }
    return "";
}

Survey survey(const ExpandedDevice& device, modbus::LineReader& line) {
    Survey survey;
    survey.points.resize(device.points.size());
    for (std::size_t i = 0; i < device.points.size(); ++i) survey.points[i].point = &device.points[i];
    bool goes_on = true;
    const auto look_at = [&](const modbus::UnitPlan& plan, int unit) {
        for (const auto& group : plan.groups) {
            goes_on = goes_on && survey_group(plan, group, unit, line, survey);
        }
    };
    look_at(device.plan, own_unit);
    for (const auto& plan : device.sub_units) look_at(plan, plan.unit);
    if (goes_on) {
        for (const auto& text : device.texts) survey_text(text, device.plan.unit, line, survey);
    }
    for (auto& point : survey.points) {
        if (point.quality != Quality::good && point.reason.empty()) point.reason = survey.failure;
    }
    return survey;
}

}  // namespace sitepower
