// Numbers for everything that can have an alert: each subject of the site, and each (subject, type of alert),
// of which at most one is open. Built once from the model, so that rules reach their alert without a search.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/alert/rules.hpp"
#include "core/site/model.hpp"

namespace sitepower {

enum class SubjectNumber : std::uint32_t {};
enum class SlotNumber : std::uint32_t {};

class AlertSlots {
  public:
    explicit AlertSlots(std::shared_ptr<const SiteModel> model);

    static SubjectNumber site() { return SubjectNumber{0}; }
    SubjectNumber number(DeviceIndex device) const { return number(SubjectKind::device, position(device)); }
    SubjectNumber number(UpsIndex ups) const { return number(SubjectKind::ups, position(ups)); }
    SubjectNumber number(StringIndex string) const { return number(SubjectKind::string, position(string)); }
    SubjectNumber number(BatteryIndex battery) const {
        return number(SubjectKind::battery, position(battery));
    }
    // By kind and identifier; a UPS goes by the identifier of its device. nullopt: no such part.
    std::optional<SubjectNumber> find(const Subject& subject) const;

    SubjectKind kind(SubjectNumber number) const;
    // Position among the parts of its kind.
    std::size_t index(SubjectNumber number) const;
    Subject subject(SubjectNumber number) const;

    // `rule` must apply to the subject's kind.
    SlotNumber slot(SubjectNumber subject, RuleId rule) const;
    std::optional<SlotNumber> find_slot(SubjectNumber subject, std::string_view type) const;
    SubjectNumber subject_of(SlotNumber slot) const { return subject_of_[static_cast<std::size_t>(slot)]; }

    std::size_t subjects() const { return first_slot_.size(); }
    std::size_t size() const { return subject_of_.size(); }
    const SiteModel& model() const { return *model_; }

  private:
    static constexpr std::size_t kinds = 5;
    SubjectNumber number(SubjectKind of_kind, std::size_t index) const {
        return SubjectNumber{
            static_cast<std::uint32_t>(first_subject_[static_cast<std::size_t>(of_kind)] + index)};
    }
    const std::string& id_of(SubjectKind of_kind, std::size_t index) const;

    std::shared_ptr<const SiteModel> model_;
    std::array<std::size_t, kinds + 1> first_subject_{};         // by kind
    std::array<std::vector<std::string_view>, kinds> types_of_;  // by kind
    std::vector<std::array<std::uint32_t, kinds>> column_of_;    // by rule and kind: position of its type
    std::vector<std::uint32_t> first_slot_;                      // by subject
    std::vector<SubjectNumber> subject_of_;                      // by slot
};

}  // namespace sitepower
