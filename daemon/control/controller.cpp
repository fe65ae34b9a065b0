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

void Controller::tell_again() {
    for (const auto& entry : entries_) tell(*entry, true);
}

// What the plan and the auction say for now, within import, reserve and window.
void Controller::want() {
    for (const auto& entry : entries_) entry->wanted_kw.reset();
    const auto now = outlets_.now();
    const auto& plan = planner_.report();
    const bool is_valid = plan && plan->is_in_force(now) && planner_.settings() != nullptr;
    if (!is_valid) return;
    const auto step = plan->step_at(now);
    auto kw = planned_kw(*plan, step);
    keep_import(*plan, step, kw);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const auto& device = *entries_[i]->device;
        if (kw[i] && device.subject == ControlSubject::battery)
            kw[i] = within_reserve(*plan, step, device.index, *kw[i]);
        entries_[i]->wanted_kw = kw[i];
    }
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

// The load is never just what was expected: what it takes beyond, batteries give way to.
void Controller::keep_import(const PlanReport& plan, std::size_t step,
                             std::vector<std::optional<double>>& kw) const {
    const auto& settings = *planner_.settings();
    const auto load_kw = known_kw(site_, settings.load);
    if (!load_kw) return;
    double limit_kw = settings.site.import_limit_kw;
    // A reserve that is missing is charged beyond the contract, when the plan found no other way.
    if (plan.plan.status == dispatch::PlanStatus::relaxed)
        limit_kw = std::max(limit_kw, plan.plan.schedule.import_kw[step]);
    if (plan.problem.in_demand_window(step)) limit_kw = std::min(limit_kw, plan.plan.schedule.peak_kw);
    double excess_kw = *load_kw - known_kw(site_, settings.pv).value_or(0) - limit_kw;
    for (std::size_t i = 0; i < kw.size(); ++i) {
        if (entries_[i]->device->subject == ControlSubject::battery) excess_kw += kw[i].value_or(0);
    }
    for (std::size_t i = 0; i < kw.size() && excess_kw > 0; ++i) {
        const auto& device = *entries_[i]->device;
        if (device.subject != ControlSubject::battery || !kw[i]) continue;
        // As far as its reserve lets it: the next one may have more to give.
        const double lowest_kw = within_reserve(plan, step, device.index, device.limits.lowest_kw);
        const double cut_kw = std::clamp(*kw[i] - lowest_kw, 0.0, excess_kw);
        *kw[i] -= cut_kw;
        excess_kw -= cut_kw;
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

dispatch::Mains Controller::mains() const {
    auto found = dispatch::Mains::present;
    const auto& upses = site_.model().upses;
    for (std::size_t i = 0; i < upses.size(); ++i) {
        if (!upses[i].on_battery) continue;
        const auto& on_battery = site_.upses()[i].on_battery;
        if (on_battery && *on_battery) return dispatch::Mains::failed;
        if (!on_battery) found = dispatch::Mains::unknown;
    }
    return found;
}

dispatch::ControlInput Controller::input_of(const Entry& entry) const {
    const auto& device = *entry.device;
    dispatch::ControlInput input{.wanted_kw = entry.wanted_kw, .mains = mains()};
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
            .is_failed = control.has_failed()};
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
        const auto trouble = entry->control.trouble();
        if (trouble == ControlTrouble::none) continue;
        auto& text = entry->control.has_failed() ? failed : limited;
        text += fmt::format("{}{} by {} {}: {}", text.empty() ? "" : "; ", entry->device->id,
                            entry->device->device_id, to_string(trouble), entry->control.reason());
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
