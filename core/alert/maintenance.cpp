#include "core/alert/maintenance.hpp"

#include <algorithm>

#include "core/alert/identity.hpp"
#include "core/base/identifier.hpp"
#include "core/site/wiring.hpp"

namespace sitepower {
Result<MaintenanceWindow> Maintenance::start(MaintenanceWindow window, Time now) {
    if (!slots_.find(window.subject)) {
        return Error{
            ErrorCode::not_found,
            "there is no " + std::string(to_string(window.subject.kind)) + " '" + window.subject.id + "'",
            ""};
    }
    if (window.to <= window.from || window.to <= now) {
        return Error{ErrorCode::validation_error, "a window must end after it begins, and after now", ""};
    }
    if (window.to - window.from > longest_window) {
        return Error{ErrorCode::validation_error, "a window may last at most 31 days", ""};
    }
    if (window.from - now > longest_lead) {
        return Error{ErrorCode::validation_error, "a window begins within the next 400 days, not later", ""};
    }
    if (windows_.size() >= most_windows) {
        return Error{ErrorCode::conflict,
                     "there are " + std::to_string(most_windows) + " windows already: end one first", ""};
    }
    if (window.id.empty()) window.id = make_identity("maintenance", window.subject.id, now);
    if (!is_identifier(window.id)) {
        return Error{ErrorCode::validation_error, "a window's id has 1 to 64 of A-Z, a-z, 0-9, _ and -", ""};
    }
    if (std::ranges::find(windows_, window.id, &MaintenanceWindow::id) != windows_.end()) {
        return Error{ErrorCode::conflict, "there is a window '" + window.id + "' already", ""};
    }
    windows_.push_back(window);
    return window;
}

Result<MaintenanceWindow> Maintenance::end(const std::string& id, Time now) {
    const auto found = std::ranges::find(windows_, id, &MaintenanceWindow::id);
    if (found == windows_.end()) {
        return Error{ErrorCode::not_found, "there is no maintenance window '" + id + "'", ""};
    }
    MaintenanceWindow window = std::move(*found);
    windows_.erase(found);
    window.to = std::min(window.to, now);
    return window;
}

bool Maintenance::restore(const MaintenanceWindow& window) {
    if (!slots_.find(window.subject) || windows_.size() >= most_windows) return false;
    windows_.push_back(window);
    return true;
}

void Maintenance::expire(Time now, std::vector<MaintenanceWindow>& ended) {
    const auto over = [now](const MaintenanceWindow& window) { return window.to <= now; };
    std::ranges::copy_if(windows_, std::back_inserter(ended), over);
    std::erase_if(windows_, over);
}

bool Maintenance::covers(SubjectNumber subject, Time now) const {
    return std::ranges::any_of(windows_, [&](const MaintenanceWindow& window) {
        if (now < window.from || now >= window.to) return false;
        const auto from = slots_.find(window.subject);
        return from && reaches(*from, subject);
    });
}

bool Maintenance::reaches(SubjectNumber from, SubjectNumber to) const {
    if (from == to) return true;
    const SiteModel& model = slots_.model();
    const std::size_t to_index = slots_.index(to);
    const auto string_of_target = [&]() -> std::optional<StringIndex> {
        if (slots_.kind(to) == SubjectKind::string) return static_cast<StringIndex>(to_index);
        if (slots_.kind(to) == SubjectKind::battery) return model.batteries[to_index].string;
        return std::nullopt;
    }();
    switch (slots_.kind(from)) {
        case SubjectKind::site:
            return true;
        case SubjectKind::battery:
            return false;
        case SubjectKind::string:
            return string_of_target == static_cast<StringIndex>(slots_.index(from));
        case SubjectKind::ups: {
            const UpsModel& ups = model.upses[slots_.index(from)];
            return to == slots_.number(ups.device) ||
                   (string_of_target && std::ranges::count(ups.strings, *string_of_target) > 0);
        }
        case SubjectKind::device:
            break;
    }
    const auto device = static_cast<DeviceIndex>(slots_.index(from));
    switch (slots_.kind(to)) {
        case SubjectKind::ups:
            return model.upses[to_index].device == device;
        case SubjectKind::string:
            return hangs_on(model.strings[to_index], model, device);
        case SubjectKind::battery:
            return hangs_on(model.batteries[to_index], device);
        default:
            return false;
    }
}

}  // namespace sitepower
