#include "drivers/profile/survey.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "drivers/modbus/group_reader.hpp"

namespace sitepower {
namespace {

// A block that the device refuses is halved over several polls until only the refused registers are left.
constexpr int most_polls = 12;

class SurveyAsker final : public modbus::Asker {
  public:
    SurveyAsker(modbus::LineReader& line, Survey& survey) : line_(line), survey_(survey) {}

    Reply ask(modbus::ReadPlan& plan) override {
        const auto& question = plan.question;
        words_.resize(question.count);
        const auto answer = line_.read(question, words_);
        if (answer.good()) {
            ++survey_.answered;
            for (int i = 0; i < question.count; ++i) {
                survey_.words[{question.table, question.address + i}] = words_[static_cast<std::size_t>(i)];
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
    std::vector<std::uint16_t> words_;
    std::string last_refusal_;
};

std::vector<std::uint16_t> raw_of(const modbus::RegisterPoint& point, const Survey& survey) {
    std::vector<std::uint16_t> raw;
    const int count = modbus::is_bit_table(point.table) ? 1 : point.registers();
    for (int i = 0; i < count; ++i) {
        const auto found = survey.words.find({point.table, point.address + i});
        if (found == survey.words.end()) return {};
        raw.push_back(found->second);
    }
    return raw;
}

// False when the device does not answer at all.
bool survey_group(const modbus::UnitPlan& plan, const modbus::PollGroup& group, modbus::LineReader& line,
                  Survey& survey) {
    SurveyAsker asker(line, survey);
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
        if (!is_derived) point.raw = raw_of(group.points[i], survey);
        if (frame == nullptr) {
            point.reason = asker.last_refusal();
            continue;
        }
        point.value = frame->values[i];
        point.quality = frame->quality[i];
        point.reason = reason_of(point.quality);
        const bool refused = point.quality != Quality::good && point.raw.empty() && !is_derived;
        if (refused && !asker.last_refusal().empty()) point.reason = "the device refused its registers";
        survey.good += point.quality == Quality::good ? 1 : 0;
    }
    return true;
}

}  // namespace

std::string reason_of(Quality quality) {
    switch (quality) {
        case Quality::good:
            return "";
        case Quality::not_implemented:
            return "the device says that it has no such value";
        case Quality::out_of_range:
            return "outside the range that the profile allows";
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
    for (const auto& group : device.plan.groups) {
        if (!survey_group(device.plan, group, line, survey)) break;
    }
    for (auto& point : survey.points) {
        if (point.quality != Quality::good && point.reason.empty()) point.reason = survey.failure;
    }
    return survey;
}

}  // namespace sitepower
