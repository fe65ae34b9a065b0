#include "core/alert/slots.hpp"

#include <algorithm>

namespace sitepower {

AlertSlots::AlertSlots(std::shared_ptr<const SiteModel> model) : model_(std::move(model)) {
    for (const Rule& rule : rules()) {
        auto& columns = column_of_.emplace_back();
        for (std::size_t of_kind = 0; of_kind < kinds; ++of_kind) {
            if (!applies_to(rule, static_cast<SubjectKind>(of_kind))) continue;
            auto& types = types_of_[of_kind];
            const auto known = std::ranges::find(types, rule.type);
            columns[of_kind] = static_cast<std::uint32_t>(known - types.begin());
            if (known == types.end()) types.push_back(rule.type);
        }
    }
    const std::array<std::size_t, kinds> counts{1, model_->devices.size(), model_->upses.size(),
                                                model_->strings.size(), model_->batteries.size()};
    for (std::size_t of_kind = 0; of_kind < kinds; ++of_kind) {
        first_subject_[of_kind + 1] = first_subject_[of_kind] + counts[of_kind];
        for (std::size_t i = 0; i < counts[of_kind]; ++i) {
            const auto subject = number(static_cast<SubjectKind>(of_kind), i);
            first_slot_.push_back(static_cast<std::uint32_t>(subject_of_.size()));
            subject_of_.insert(subject_of_.end(), types_of_[of_kind].size(), subject);
        }
    }
}

const std::string& AlertSlots::id_of(SubjectKind of_kind, std::size_t index) const {
    switch (of_kind) {
        case SubjectKind::device:
            return model_->devices[index].id;
        case SubjectKind::ups:
            return model_->devices[position(model_->upses[index].device)].id;
        case SubjectKind::string:
            return model_->strings[index].id;
        case SubjectKind::battery:
            return model_->batteries[index].id;
        case SubjectKind::site:
            break;
    }
    return model_->id;
}

std::optional<SubjectNumber> AlertSlots::find(const Subject& subject) const {
    const auto of_kind = static_cast<std::size_t>(subject.kind);
    if (of_kind >= kinds) return std::nullopt;
    const auto count = first_subject_[of_kind + 1] - first_subject_[of_kind];
    for (std::size_t i = 0; i < count; ++i) {
        if (id_of(subject.kind, i) == subject.id) return number(subject.kind, i);
    }
    return std::nullopt;
}

SubjectKind AlertSlots::kind(SubjectNumber number) const {
    const auto behind = std::ranges::upper_bound(first_subject_, static_cast<std::size_t>(number));
    return static_cast<SubjectKind>(behind - first_subject_.begin() - 1);
}

std::size_t AlertSlots::index(SubjectNumber number) const {
    return static_cast<std::size_t>(number) - first_subject_[static_cast<std::size_t>(kind(number))];
}

Subject AlertSlots::subject(SubjectNumber number) const {
    const SubjectKind of_kind = kind(number);
    return {of_kind, id_of(of_kind, index(number))};
}

SlotNumber AlertSlots::slot(SubjectNumber subject, RuleId rule) const {
    return SlotNumber{first_slot_[static_cast<std::size_t>(subject)] +
                      column_of_[static_cast<std::size_t>(rule)][static_cast<std::size_t>(kind(subject))]};
}

std::optional<SlotNumber> AlertSlots::find_slot(SubjectNumber subject, std::string_view type) const {
    for (const Rule& rule : rules()) {
        if (applies_to(rule, kind(subject)) && rule.type == type) return slot(subject, rule.id);
    }
    return std::nullopt;
}

}  // namespace sitepower
