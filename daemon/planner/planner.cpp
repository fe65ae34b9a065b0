#include "daemon/planner/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/planner/present.hpp"

namespace sitepower {
namespace {

constexpr std::string_view plan_topic = "plan/dispatch";
constexpr std::string_view event_topic = "event/dispatch";
constexpr std::string_view allocation_topic = "plan/allocation";

constexpr Duration retell_after{std::chrono::minutes{15}};

bool is_over(const std::optional<Time>& since, Duration lasts, Time now) {
    return !since || now >= *since + lasts || now < *since;
}

}  // namespace

void Planner::configure(std::shared_ptr<const DispatchSettings> settings, Time now) {
    if (settings_ && !settings) outlets_.clear(std::string(plan_topic));
    const bool auctioned = settings_ && !settings_->load_classes.empty();
    settings_ = std::move(settings);
    if (auctioned && (!settings_ || settings_->load_classes.empty()))
        outlets_.clear(std::string(allocation_topic));
    allocation_.reset();
    allocation_trouble_.clear();
    std::erase_if(bids_, [&](const auto& bid) {
        return !settings_ || std::ranges::find(settings_->load_classes, bid.first, &LoadClass::id) ==
                                 settings_->load_classes.end();
    });
    past_ = std::make_shared<PastPower>();
    report_.reset();
    outage_.clear();
    trouble_.clear();
    ordered_.reset();
    working_ = false;
    ++generation_;
    judge(now);
}

void Planner::tick(Time now) {
    if (!settings_) return;
    watch_mains(now);
    if (outage_.empty() && is_due(now)) order(now);
    const auto ended = std::erase_if(bids_, [&](const auto& bid) { return bid.second.valid_until <= now; });
    if (ended > 0 || (allocation_ && valued_series(now) != valued_series_)) auction(now);
    if (allocation_ && !allocation_trouble_.empty() && is_over(allocation_->made, allocation_stands, now)) {
        allocation_.reset();
        outlets_.clear(std::string(allocation_topic));
    }
    judge(now);
}

// Says which UPS is on battery and since when; empty: none. One that stops answering meanwhile has not said
// that the mains are back.
std::string Planner::on_battery(Time now) {
    const auto& upses = site_.model().upses;
    const auto states = site_.upses();
    std::map<std::string, Time> since;
    std::string first;
    for (std::size_t i = 0; i < std::min(upses.size(), states.size()); ++i) {
        const auto& id = site_.model().devices[position(upses[i].device)].id;
        const auto before = on_battery_since_.find(id);
        const bool was = before != on_battery_since_.end();
        if (!states[i].on_battery.value_or(was)) continue;
        since[id] = was ? before->second : now;
        if (first.empty()) first = fmt::format("{} has been on battery since {}", id, format_time(since[id]));
    }
    on_battery_since_ = std::move(since);
    return first;
}

// A plan that imports is worth nothing while the mains are gone: it is withdrawn at once, and a new one made
// as soon as they are back.
void Planner::watch_mains(Time now) {
    auto outage = on_battery(now);
    if (outage == outage_) {
        // It holds as long as the mains are gone, however long that is.
        if (!outage_.empty() && report_ && is_over(report_->made, settings_->step, now))
            put_in_force(outage_report(*settings_, outage_, now), now);
        return;
    }
    outage_ = std::move(outage);
    if (outage_.empty()) {
        ordered_.reset();
        return;
    }
    trouble_.clear();
    put_in_force(outage_report(*settings_, outage_, now), now);
}

bool Planner::is_due(Time now) const {
    if (working_ || !is_over(ordered_, least_pause, now)) return false;
    if (is_over(ordered_, trouble_.empty() ? interval : retry_pause, now)) return true;
    // At each step's begin: a plan counts from the step that it was made in.
    if (now.time_since_epoch() / settings_->step != ordered_->time_since_epoch() / settings_->step)
        return true;
    return price_revisions() != ordered_revisions_ || followers() != ordered_followers_ || strays(now);
}

// Which batteries may be planned with.
std::vector<bool> Planner::followers() const {
    std::vector<bool> all(settings_->batteries.size(), true);
    for (std::size_t b = 0; outlets_.follows && b < all.size(); ++b) all[b] = outlets_.follows(b);
    return all;
}

// Of the series that a plan is made of; others may change as they like.
std::vector<std::uint64_t> Planner::price_revisions() const {
    std::vector<std::uint64_t> revisions{prices_.revision(settings_->import_price),
                                         prices_.revision(settings_->export_price)};
    for (const auto& load_class : settings_->load_classes)
        revisions.push_back(prices_.revision(load_class.value_series));
    return revisions;
}

bool Planner::strays(Time now) const {
    if (!report_ || !trouble_.empty() || report_->plan.schedule.batteries.empty()) return false;
    for (std::size_t b = 0; b < settings_->batteries.size(); ++b) {
        const auto seen = present_battery(site_, settings_->batteries[b]);
        if (seen && std::abs(seen->charge_pct - report_->planned_charge_pct(b, now)) > charge_tolerance_pct)
            return is_over(report_->made, std::chrono::minutes{1}, now);
    }
    return false;
}

void Planner::order(Time now) {
    ordered_ = now;
    ordered_revisions_ = price_revisions();
    ordered_followers_ = followers();
    ++attempts_;
    auto known = snapshot(now);
    if (!known) {
        fail(known.error().message, now);
        return;
    }
    working_ = outlets_.work([this, known = std::move(*known), past = past_,
                              generation = generation_](History& history) -> Completion {
        return [this, generation, made = known.now, found = make_report(known, history, *past)] {
            if (generation != generation_) return;  // of a configuration that is no longer in force
            working_ = false;
            take(found, made);
        };
    });
    if (!working_) fail("the planner's worker is busy", now);
}

void Planner::take(const Result<PlanReport>& found, Time now) {
    if (!outage_.empty()) return;  // made before the mains failed
    if (!found) {
        fail(found.error().message, now);
        return;
    }
    if (found->plan.status == dispatch::PlanStatus::failed) {
        fail(found->plan.reason, now);
        return;
    }
    trouble_.clear();
    put_in_force(*found, now);
}

void Planner::put_in_force(PlanReport report, Time now) {
    report_ = std::move(report);
    outlets_.keep({.time = report_->made,
                   .kind = "dispatch",
                   .status = dispatch::name_of(report_->plan.status),
                   .body = to_text(describe_plan_briefly(*report_))});
    tell(now);
    judge(now);
    auction(now);
}

void Planner::fail(const std::string& why, Time now) {
    ++failures_;
    const bool news = trouble_ != why;
    trouble_ = why;
    // The mains are back, and still there is no plan: no longer for their sake.
    const bool withdrawn = report_ && !report_->outage.empty();
    if (withdrawn) report_->outage = report_->plan.reason = why;
    if (news) tell(now);
    if (news && withdrawn && allocation_) {
        // What an outage left nobody must not stand for who has mains again: safe caps until there is a plan.
        allocation_.reset();
        allocation_trouble_ = why;
        outlets_.clear(std::string(allocation_topic));
    }
    judge(now);
}

void Planner::tell(Time now) {
    if (report_) outlets_.tell_retained(std::string(plan_topic), describe_plan(*report_, trouble_, now));
    const std::string status =
        trouble_.empty() && report_ ? dispatch::name_of(report_->plan.status) : "failed";
    if (status == told_status_) return;
    Record record;
    record.set("status", status).text("previous_status", told_status_, "none_before");
    record.text("reason", trouble_.empty() && report_ ? report_->plan.reason : trouble_,
                "optimal_needs_none");
    outlets_.tell_event(std::string(event_topic), record.take());
    told_status_ = status;
}

void Planner::tell_again(Time now) {
    if (settings_ && report_)
        outlets_.tell_retained(std::string(plan_topic), describe_plan(*report_, trouble_, now));
    if (allocation_)
        outlets_.tell_retained(std::string(allocation_topic), describe_allocation(*allocation_, now));
}

// What holds on is told anew when it has become another, but not with every plan.
void Planner::set_condition(std::string_view type, Told& told, bool holds, const std::string& message,
                            Time now) {
    if (told.holds == holds) {
        const bool is_old = !is_over(told.at, retell_after, now);
        if (!holds || told.message == message || is_old) return;
    }
    told = {holds, message, now};
    outlets_.condition(type, holds, message);
}

// After every plan, and after every bid.
void Planner::auction(Time now) {
    if (!settings_ || settings_->load_classes.empty() || !report_) return;
    valued_series_ = valued_series(now);
    auto found = allocate_by(*report_, now);
    set_condition("allocation_failed", told_no_allocation_, !found, found ? "" : found.error().message, now);
    if (!found) {
        allocation_trouble_ = found.error().message;
        return;
    }
    allocation_trouble_.clear();
    allocation_ = std::move(*found);
    outlets_.keep({.time = now,
                   .kind = "allocation",
                   .status = allocation_->constraints_satisfied() ? "served" : "entitlements_cut",
                   .body = to_text(describe_allocation_briefly(*allocation_))});
    outlets_.tell_retained(std::string(allocation_topic), describe_allocation(*allocation_, now));
    set_condition("entitlement_cut", told_cut_, !allocation_->constraints_satisfied(),
                  allocation_->outage.empty() ? fmt::format("the supply of {:.1f} kW does not serve them",
                                                            allocation_->allocation.supply_kw)
                                              : allocation_->outage,
                  now);
}

// Of the site's load what no class and no cooling of one draws.
Result<double> Planner::base_load_kw() const {
    const auto load = present_kw(site_, settings_->load);
    if (!load) {
        return Error{ErrorCode::insufficient_data,
                     "the load of the site is not known at present: " + load.error().message, ""};
    }
    double base_kw = *load;
    for (const auto& load_class : settings_->load_classes) {
        if (load_class.power.points.empty()) continue;
        const auto kw = present_kw(site_, load_class.power);
        if (!kw) {
            return Error{
                ErrorCode::insufficient_data,
                fmt::format("what {} draws is not known at present: {}", load_class.id, kw.error().message),
                ""};
        }
        base_kw -= *kw * (load_class.cop ? 1 + 1 / *load_class.cop : 1);
    }
    return std::max(0.0, base_kw);
}

// What the classes' series say at present; a stale one says nothing.
std::map<std::string, double> Planner::series_values(Time now) const {
    std::map<std::string, double> values;
    for (const auto& load_class : settings_->load_classes) {
        const auto* entry = load_class.value_series.empty() ? nullptr : prices_.find(load_class.value_series);
        if (entry == nullptr || !prices_.why_stale(*entry, now).empty()) continue;
        if (const auto value = entry->series.at(now)) values[load_class.value_series] = *value;
    }
    return values;
}

std::vector<std::string> Planner::valued_series(Time now) const {
    std::vector<std::string> names;
    for (const auto& [name, value] : series_values(now)) names.push_back(name);
    return names;
}

Result<AllocationReport> Planner::allocate_by(const PlanReport& plan, Time now) const {
    AllocationSnapshot known;
    const auto base_kw = base_load_kw();
    if (!base_kw && plan.outage.empty()) return base_kw.error();
    if (base_kw) known.base_load_kw = *base_kw;
    known.bids = bids_;
    known.series_values = series_values(now);
    return allocate(*settings_, plan, known, now);
}

void Planner::cycle(const CycleOverrides& overrides, bool adopt, Time now,
                    UniqueFunction<void(const Result<PlanReport>&)> done) {
    watch_mains(now);
    if (!outage_.empty()) return done(outage_report(*settings_, outage_, now));
    auto known = snapshot(now);
    if (!known) return done(known.error());
    auto changed = std::make_shared<DispatchSettings>(*settings_);
    if (overrides.risk_aversion) changed->site.risk_aversion = *overrides.risk_aversion;
    if (overrides.horizon) changed->horizon = std::max(*overrides.horizon, changed->step);
    for (auto& battery : changed->batteries) {
        if (overrides.wear_per_kwh) battery.limits.wear_per_kwh = *overrides.wear_per_kwh;
    }
    known->settings = std::move(changed);
    const bool accepted = outlets_.work([this, adopt, known = std::move(*known), past = past_,
                                         generation = generation_,
                                         done = std::move(done)](History& history) mutable -> Completion {
        auto found = make_report(known, history, *past);
        return [this, adopt, generation, made = known.now, found = std::move(found),
                done = std::move(done)]() mutable {
            if (found && found->plan.status == dispatch::PlanStatus::failed)
                found = Error{ErrorCode::conflict, "there is no plan: " + found->plan.reason, ""};
            if (generation != generation_) {
                found = Error{ErrorCode::conflict, "the configuration has changed meanwhile: ask again", ""};
            } else if (!outage_.empty()) {
                found = Error{ErrorCode::conflict, "the mains have failed meanwhile: ask again", ""};
            } else if (adopt) {
                adopt_whole(found, made);
            }
            done(found);
        };
    });
    // A refused job is dropped with its answer, which then says so by itself.
    static_cast<void>(accepted);
}

// The whole cycle or nothing: without an auction the plan in force stays.
void Planner::adopt_whole(Result<PlanReport>& found, Time now) {
    if (found && !settings_->load_classes.empty()) {
        if (const auto allocated = allocate_by(*found, now); !allocated) {
            found = allocated.error();
            return;
        }
    }
    take(found, now);
}

Status Planner::bid(const std::string& load_class, Bid bid, Time now) {
    const auto found = std::ranges::find(settings_->load_classes, load_class, &LoadClass::id);
    if (found == settings_->load_classes.end()) {
        return Error{ErrorCode::not_found, "there is no load class " + load_class + ": allocation lists them",
                     ""};
    }
    dispatch::Auction alone;
    alone.bidders.push_back({.id = load_class, .segments = bid.segments});
    if (const auto sound = dispatch::check(alone); !sound) return sound.error();
    std::erase_if(bids_, [&](const auto& each) { return each.second.valid_until <= now; });
    outlets_.keep(bid_row(load_class, bid, now));
    bids_[load_class] = std::move(bid);
    auction(now);
    return Done{};
}

void Planner::restore_bids(std::map<std::string, Bid> bids, Time now) {
    if (!settings_) return;
    for (const auto& load_class : settings_->load_classes) {
        const auto kept = bids.find(load_class.id);
        if (kept != bids.end()) bids_.emplace(load_class.id, std::move(kept->second));
    }
    if (!bids_.empty()) auction(now);
}

// Of the autonomy that the batteries must keep, what the plan leaves at worst: "UPS-1 12.0 of 15 min".
std::string Planner::autonomy_left() const {
    std::string left;
    const auto& problem = report_->problem;
    for (std::size_t b = 0; b < problem.batteries.size(); ++b) {
        const auto& reserve = problem.batteries[b].reserve_kwh;
        const auto& stored = report_->plan.schedule.batteries[b].stored_kwh;
        double least = 1;
        for (std::size_t t = 0; t < reserve.size(); ++t) {
            if (reserve[t] > 0) least = std::min(least, std::max(0.0, stored[t]) / reserve[t]);
        }
        if (least >= 1) continue;
        const double required_min = settings_->batteries[b].limits.required_autonomy_min;
        left += fmt::format("{}{} {:.1f} of {:g} min", left.empty() ? "" : ", ", problem.batteries[b].id,
                            least * required_min, required_min);
    }
    return left;
}

// There is no plan to go by once the last one has run out; until then a failed attempt is no alert. While the
// mains are gone, what was told of plans stands: that a UPS is on battery is an alert of its own.
void Planner::judge(Time now) {
    if (settings_ && !outage_.empty()) return;
    const bool valid = report_ && report_->outage.empty() && report_->is_in_force(now);
    set_condition("plan_failed", told_no_plan_, settings_ && !valid && !trouble_.empty(), trouble_, now);
    const bool relaxed = settings_ && valid && report_->plan.status == dispatch::PlanStatus::relaxed;
    std::string reserve;
    std::string import;
    if (relaxed) {
        const auto& shortfall = report_->plan.shortfall;
        const auto moment = [&](const std::optional<std::size_t>& step) {
            return step ? format_time(report_->start + static_cast<std::int64_t>(*step) * report_->step)
                        : std::string("not within the plan");
        };
        if (shortfall.worst_reserve_kwh > dispatch::tolerated_violation) {
            reserve =
                fmt::format("{:.1f} kWh short at worst, first at {}, whole again at {}; autonomy left: {}",
                            shortfall.worst_reserve_kwh, moment(shortfall.first_step),
                            moment(shortfall.recovered_at_step), autonomy_left());
        }
        if (shortfall.import_excess_kw > dispatch::tolerated_violation) {
            import = fmt::format("{:.1f} kW above {:.1f} kW, {:.1f} kWh in all, first at {}",
                                 shortfall.import_excess_kw, settings_->site.import_limit_kw,
                                 shortfall.import_excess_kwh, moment(shortfall.first_step));
        }
    }
    if (!settings_ || settings_->load_classes.empty()) {
        set_condition("allocation_failed", told_no_allocation_, false, "", now);
        set_condition("entitlement_cut", told_cut_, false, "", now);
    }
    set_condition("plan_reserve_short", told_reserve_, !reserve.empty(), reserve, now);
    set_condition("plan_import_exceeded", told_import_, !import.empty(), import, now);
}

Result<PlanSnapshot> Planner::snapshot(Time now) const {
    PlanSnapshot known;
    known.settings = settings_;
    known.now = now;
    const auto* bought = prices_.find(settings_->import_price);
    if (bought != nullptr) known.import_price = bought->series;
    if (!settings_->export_price.empty()) {
        const auto* sold = prices_.find(settings_->export_price);
        known.export_price = sold == nullptr ? PriceSeries{} : sold->series;
    }
    if (!settings_->load_series.empty()) known.load_forecast = outlets_.forecast_of(settings_->load_series);
    if (!settings_->price_series.empty())
        known.price_forecast = outlets_.forecast_of(settings_->price_series);
    take_power(present_kw(site_, settings_->load), known.load_kw, known.load_gap);
    take_power(present_kw(site_, settings_->pv), known.pv_kw, known.pv_gap);
    const auto following = followers();
    for (std::size_t b = 0; b < settings_->batteries.size(); ++b) {
        auto seen = present_battery(site_, settings_->batteries[b]);
        if (!seen) return seen.error();
        seen->follows = following[b];
        known.batteries.push_back(*seen);
    }
    return known;
}

}  // namespace sitepower
