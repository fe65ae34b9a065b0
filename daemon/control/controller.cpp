#include "daemon/control/controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/planner/present.hpp"

namespace sitepower {
namespace {

using dispatch::ControlState;
using dispatch::ControlTrouble;
using dispatch::ControlWrite;

constexpr std::string_view event_topic = "event/control";

std::string topic_of(const ControlledDevice& device) {
    return "control/" + device.id;
}

std::string_view key_of(ControlSubject subject) {
    return subject == ControlSubject::battery ? "battery" : "load_class";
}

// An order that has not come through is no answer at all: the device may be silent.
bool is_done(const modbus::WriteReport& report) {
    return report.outcome == modbus::WriteOutcome::verified ||
           report.outcome == modbus::WriteOutcome::accepted;
}

}  // namespace

void Controller::configure(std::shared_ptr<const ControlSettings> settings) {
    const bool was_handed_back = is_handed_back();
    if (settings_) {
        for (const auto& device : settings_->devices) {
            const bool stays =
                settings && std::ranges::find(settings->devices, device.id, &ControlledDevice::id) !=
                                settings->devices.end();
            if (!stays) outlets_.clear(topic_of(device));
        }
    }
    settings_ = std::move(settings);
    entries_.clear();
    no_release_file_.clear();
    std::vector<ReleaseWrite> writes;
    if (settings_) {
        for (const auto& device : settings_->devices) writes.push_back(device.release_write);
    }
    // What could not be handed back is left to the service manager's program.
    if (settings_ || was_handed_back) {
        if (const auto kept = outlets_.keep_releases(writes); !kept && settings_)
            no_release_file_ = kept.error().message;
    }
    if (settings_ && no_release_file_.empty()) {
        for (const auto& device : settings_->devices) {
            entries_.push_back(std::make_shared<Entry>(
                Entry{.device = &device, .control = dispatch::SetpointControl(device.limits)}));
        }
    }
    judge();
}

void Controller::tick() {
    if (!settings_) return;
    want();
    // Copies: a report that comes back meanwhile touches its own entry only.
    for (const auto& entry : std::vector(entries_)) drive(entry);
    judge();
}

void Controller::end() {
    for (const auto& entry : std::vector(entries_)) {
        entry->control.end();
        drive(entry);
    }
}

bool Controller::is_handed_back() const {
    return std::ranges::none_of(
        entries_, [](const auto& entry) { return entry->control.engaged() || entry->control.is_writing(); });
}

std::string Controller::not_handed_back() const {
    std::string held;
    for (const auto& entry : entries_) {
        if (!entry->control.engaged() && !entry->control.is_writing()) continue;
        held += (held.empty() ? "" : ", ") + entry->device->id;
    }
    return held;
}

bool Controller::may_follow(std::size_t battery) const {
    const auto is_its = [&](const ControlledDevice& device) {
        return device.subject == ControlSubject::battery && device.index == battery;
    };
    if (!settings_ || std::ranges::none_of(settings_->devices, is_its)) return true;
    const auto found =
        std::ranges::find_if(entries_, [&](const auto& entry) { return is_its(*entry->device); });
    if (found == entries_.end()) return false;  // nothing is controlled
    const auto& control = (*found)->control;
    switch (control.state()) {
        case ControlState::preparing:
        case ControlState::controlling:
            return true;
        case ControlState::mains_failed:
            return false;
        default:
            return !control.has_failed();
    }
}

void Controller::tell_again() {
    for (const auto& entry : entries_) tell(*entry, true);
}

// What the plan and the auction say for now, within import, reserve and window.
void Controller::want() {
    for (const auto& entry : entries_) entry->wanted_kw.reset();
    const auto now = outlets_.now();
    const auto& plan = planner_.report();
    if (planner_.settings() == nullptr) return;
    billing_.note(import_kw(), now);
    if (!plan || !plan->is_in_force(now)) return;
    const auto step = plan->step_at(now);
    auto kw = planned_kw(*plan, step);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const auto& device = *entries_[i]->device;
        if (kw[i] && device.subject == ControlSubject::battery) {
            kw[i] = std::clamp(*kw[i], device.limits.lowest_kw, device.limits.highest_kw);
            kw[i] = within_reserve(*plan, step, device.index, *kw[i]);
        }
    }
    keep_grid(*plan, step, kw);
    for (std::size_t i = 0; i < entries_.size(); ++i) entries_[i]->wanted_kw = kw[i];
}

// From the grid at present: as its meter says, else of load, generation and what the devices draw.
std::optional<double> Controller::import_kw() const {
    const auto& settings = *planner_.settings();
    if (!settings.import.points.empty()) return known_kw(site_, settings.import);
    auto kw = known_kw(site_, settings.load);
    if (!settings.pv.points.empty()) {
        const auto pv_kw = known_kw(site_, settings.pv);
        if (!pv_kw) return std::nullopt;
        if (kw) *kw -= *pv_kw;
    }
    for (const auto& entry : entries_) {
        if (kw && entry->device->subject == ControlSubject::battery)
            *kw += known_kw(site_, entry->device->power).value_or(0);
    }
    return kw;
}

std::vector<std::optional<double>> Controller::planned_kw(const PlanReport& plan, std::size_t step) const {
    std::vector<std::optional<double>> kw(entries_.size());
    const auto& batteries = plan.plan.schedule.batteries;
    const auto& allocated = planner_.allocation();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const auto& device = *entries_[i]->device;
        if (device.subject == ControlSubject::battery) {
            if (device.index < batteries.size())
                kw[i] = batteries[device.index].charge_kw[step] - batteries[device.index].discharge_kw[step];
        } else if (allocated && device.index < allocated->allocation.awards.size()) {
            const auto& award = allocated->allocation.awards[device.index];
            kw[i] = award.load_kw();
        }
    }
    return kw;
}

// What the site imports as long as nothing is done about it, and the highest import that it may come to.
struct Controller::Grid {
    double import_kw = 0;
    double unseen_pv_kw = 0;  // that is planned and not measured: it may be there all the same
    double most_import_kw = 0;
    double most_export_kw = 0;
};

std::optional<Controller::Grid> Controller::grid_of(const PlanReport& plan, std::size_t step) const {
    const auto& settings = *planner_.settings();
    const auto load_kw = known_kw(site_, settings.load);
    if (!load_kw) return std::nullopt;
    const auto pv_kw = known_kw(site_, settings.pv);
    Grid grid{.import_kw = *load_kw - pv_kw.value_or(0),
              .unseen_pv_kw = pv_kw ? 0 : plan.problem.pv_at(step),
              .most_import_kw = settings.site.import_limit_kw,
              .most_export_kw = settings.site.export_limit_kw};
    // A reserve that is missing is charged beyond the contract, when the plan found no other way.
    const bool charges = std::ranges::any_of(plan.plan.schedule.batteries,
                                             [&](const auto& moves) { return moves.charge_kw[step] > 0; });
    if (plan.plan.status == dispatch::PlanStatus::relaxed && charges)
        grid.most_import_kw = std::max(grid.most_import_kw, plan.plan.schedule.import_kw[step]);
    if (plan.problem.in_demand_window(step)) {
        const double within_peak_kw = billing_.most_kw(plan.plan.schedule.peak_kw, outlets_.now());
        grid.most_import_kw = std::min(grid.most_import_kw, within_peak_kw);
    }
    return grid;
}

// What a battery draws as long as no setpoint moves it: as measured. Without a device under control nobody
// says, and it counts as what it is advised to do.
double Controller::drawn_kw(const PlanReport& plan, std::size_t step, std::size_t battery) const {
    for (const auto& entry : entries_) {
        const auto& device = *entry->device;
        if (device.subject == ControlSubject::battery && device.index == battery)
            return known_kw(site_, device.power).value_or(0);
    }
    const auto& moves = plan.plan.schedule.batteries[battery];
    return moves.charge_kw[step] - moves.discharge_kw[step];
}

// The load is never just what was expected: what it takes beyond, batteries give way to, and none discharges
// into the grid beyond what may be exported. First those that follow; another is to take up its work within
// what they leave.
void Controller::keep_grid(const PlanReport& plan, std::size_t step,
                           std::vector<std::optional<double>>& kw) const {
    const auto grid = grid_of(plan, step);
    if (!grid) return;
    const auto follows = [&](std::size_t i) { return entries_[i]->control.is_following(); };
    double import_kw = grid->import_kw;
    for (std::size_t b = 0; b < plan.plan.schedule.batteries.size(); ++b)
        import_kw += drawn_kw(plan, step, b);
    for (std::size_t i = 0; i < kw.size(); ++i) {
        const auto& device = *entries_[i]->device;
        if (kw[i] && device.subject == ControlSubject::battery && follows(i))
            import_kw += *kw[i] - drawn_kw(plan, step, device.index);
    }
    for (const bool following : {true, false}) {
        for (std::size_t i = 0; i < kw.size(); ++i) {
            const auto& device = *entries_[i]->device;
            if (!kw[i] || device.subject != ControlSubject::battery || follows(i) != following) continue;
            const double others_kw = import_kw - (following ? *kw[i] : drawn_kw(plan, step, device.index));
            // As far as its reserve lets it: the next one may have more to give.
            const double lowest_kw = within_reserve(plan, step, device.index, device.limits.lowest_kw);
            const double excess_kw = others_kw + *kw[i] - grid->most_import_kw;
            *kw[i] -= std::clamp(excess_kw, 0.0, std::max(0.0, *kw[i] - lowest_kw));
            const double most_discharge_kw = others_kw - grid->unseen_pv_kw + grid->most_export_kw;
            if (*kw[i] < 0) *kw[i] = std::max(*kw[i], std::min(0.0, -most_discharge_kw));
            import_kw = others_kw + *kw[i];
        }
    }
}

// Never below the reserve, and not at all where the charge is not known.
double Controller::within_reserve(const PlanReport& plan, std::size_t step, std::size_t battery,
                                  double kw) const {
    const auto present = present_battery(site_, planner_.settings()->batteries[battery]);
    if (!present) return 0;
    const auto& limits = plan.problem.batteries[battery];
    const double stored_kwh = present->charge_pct / 100 * plan.capacity_kwh[battery];
    const double reserve_kwh = limits.reserve_kwh.empty() ? 0 : limits.reserve_kwh[step];
    if (kw < 0 && stored_kwh <= std::max(reserve_kwh, limits.stored_min_kwh)) return 0;
    if (kw > 0 && stored_kwh >= limits.stored_max_kwh) return 0;
    return kw;
}

dispatch::ControlInput Controller::input_of(const Entry& entry) const {
    const auto& device = *entry.device;
    dispatch::ControlInput input{.wanted_kw = entry.wanted_kw, .mains = present_mains(site_)};
    input.measured_kw = known_kw(site_, device.power);
    if (device.meter) input.metered_kw = present_value(site_, *device.meter);
    const auto* settings = planner_.settings();
    if (device.subject == ControlSubject::battery && settings != nullptr &&
        device.index < settings->batteries.size()) {
        if (const auto present = present_battery(site_, settings->batteries[device.index]))
            input.charge_pct = present->charge_pct;
    }
    return input;
}

void Controller::drive(const std::shared_ptr<Entry>& entry) {
    if (const auto write = entry->control.step(input_of(*entry), outlets_.steady())) order(entry, *write);
    tell(*entry, false);
}

void Controller::order(const std::shared_ptr<Entry>& entry, const ControlWrite& write) {
    const auto& device = *entry->device;
    ControlOrder wanted;
    switch (write.kind) {
        case ControlWrite::Kind::prepare:
            wanted = device.prepare[write.index];
            break;
        case ControlWrite::Kind::keep_alive:
            wanted.command = device.keep_alive;
            break;
        case ControlWrite::Kind::setpoint:
            wanted = {device.setpoint, write.setpoint_kw};
            break;
        case ControlWrite::Kind::release:
            wanted = device.release;
            break;
    }
    auto planned = desk_.plan(device.device, wanted.command, wanted.value);
    if (!planned) return entry->control.wrote(false, planned.error().message, outlets_.steady());
    planned->order.patience = write_patience;
    const auto ordered = desk_.order(
        std::move(*planned), [this, known = std::weak_ptr(entry)](const modbus::WriteReport& report) {
            const auto still = known.lock();
            if (!still) return;  // of a configuration that is no longer in force
            still->control.wrote(is_done(report), report.reason, outlets_.steady());
            drive(still);
            judge();
        });
    if (!ordered) entry->control.wrote(false, ordered.error().message, outlets_.steady());
}

ControlStatus Controller::status_of(const Entry& entry) const {
    const auto& control = entry.control;
    return {.id = entry.device->id,
            .subject = entry.device->subject,
            .device_id = entry.device->device_id,
            .state = control.state(),
            .trouble = control.trouble(),
            .reason = control.reason(),
            .wanted_kw = entry.wanted_kw,
            .setpoint_kw = control.setpoint_kw(),
            .measured_kw = known_kw(site_, entry.device->power),
            .is_failed = control.has_failed() && control.state() != ControlState::controlling};
}

std::vector<ControlStatus> Controller::controlled() const {
    std::vector<ControlStatus> all;
    all.reserve(entries_.size());
    for (const auto& entry : entries_) all.push_back(status_of(*entry));
    return all;
}

// When state, setpoint or trouble have changed.
void Controller::tell(Entry& entry, bool anew) {
    const auto now = status_of(entry);
    auto text = fmt::format("{} {} {}", to_string(now.state), to_string(now.trouble),
                            now.setpoint_kw ? fmt::format("{}", *now.setpoint_kw) : "-");
    if (text == entry.told && !anew) return;
    Record record;
    record.set(key_of(now.subject), now.id).set("device", now.device_id);
    record.set("state", to_string(now.state));
    record.maybe("setpoint_kw", now.setpoint_kw, "not_under_control");
    record.maybe("measured_kw", now.measured_kw, "not_known");
    record.set("trouble", to_string(now.trouble));
    record.text("trouble_reason", now.reason, "no_trouble");
    outlets_.tell_retained(topic_of(*entry.device), record.take());
    if (now.state != entry.told_state || entry.told.empty()) {
        Record event;
        event.set(key_of(now.subject), now.id).set("device", now.device_id);
        event.set("state", to_string(now.state));
        event.text("previous_state",
                   entry.told.empty() ? std::string() : std::string(to_string(entry.told_state)),
                   "none_before");
        event.text("reason", now.reason, "no_trouble");
        outlets_.tell_event(std::string(event_topic), event.take());
    }
    entry.told = std::move(text);
    entry.told_state = now.state;
}

void Controller::judge() {
    std::string failed = no_release_file_.empty() ? "" : "nothing is controlled: " + no_release_file_;
    std::string limited;
    for (const auto& entry : entries_) {
        const auto& control = entry->control;
        const auto add = [&](std::string& text, ControlTrouble trouble, const std::string& reason) {
            text += fmt::format("{}{} by {} {}: {}", text.empty() ? "" : "; ", entry->device->id,
                                entry->device->device_id, to_string(trouble), reason);
        };
        if (control.has_failed()) add(failed, control.fault(), control.fault_reason());
        const bool is_limited = control.state() == ControlState::controlling;
        if (is_limited && control.trouble() != ControlTrouble::none)
            add(limited, control.trouble(), control.reason());
    }
    const auto set = [&](std::string_view type, std::string& told, std::string message) {
        if (told == message) return;
        told = std::move(message);
        outlets_.condition(type, !told.empty(), told);
    };
    set("setpoint_not_followed", told_failed_, std::move(failed));
    set("setpoint_limited", told_limited_, std::move(limited));
}

}  // namespace sitepower
