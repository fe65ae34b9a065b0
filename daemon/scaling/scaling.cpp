#include "daemon/scaling/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/planner/present.hpp"
#include "daemon/scaling/report.hpp"

namespace sitepower {
namespace {

using dispatch::ScalingDecision;
using dispatch::ScalingState;

std::string topic_of(const std::string& group) {
    return "scaling/" + group;
}

bool is_open(const ScalingDecision& decision) {
    return decision.state == ScalingState::pending || decision.state == ScalingState::executed;
}

bool came_to_nothing(const ScalingDecision& decision) {
    return decision.state == ScalingState::failed || decision.is_rollback;
}

double quantile_of(const SeriesForecastStep& step, double quantile) {
    return quantile >= 0.99 ? step.p99 : quantile >= 0.9 ? step.p90 : step.p50;
}

std::string actuator_text(const Actuator& actuator) {
    if (const auto* device = std::get_if<DeviceActuator>(&actuator))
        return device->device_id + " " + device->command;
    const auto* topic = std::get_if<TopicActuator>(&actuator);
    return topic == nullptr ? std::string() : "command/" + topic->topic;
}

}  // namespace

void Scaling::configure(std::shared_ptr<const ScalingSettings> settings) {
    const auto before = std::exchange(groups_, {});
    const auto wanted = settings ? settings->groups : std::vector<ScalingGroup>();
    for (const auto& one : wanted) {
        const auto same = std::ranges::find_if(
            before, [&](const auto& group) { return group->settings.rules.group == one.rules.group; });
        if (same == before.end()) {
            groups_.push_back(std::make_shared<Group>(
                Group{.settings = one, .scaler = dispatch::Scaler(one.rules), .input = {}}));
            continue;
        }
        (*same)->settings = one;
        (*same)->scaler.change_rules(one.rules);
        groups_.push_back(*same);
    }
    for (const auto& group : before) {
        if (std::ranges::find(groups_, group) == groups_.end())
            outlets_.clear(topic_of(group->settings.rules.group));
    }
    published_.clear();
    const auto listen = [&](const NumberSource& source) {
        if (const auto* metric = std::get_if<std::string>(&source)) published_[*metric] = {};
    };
    for (const auto& group : groups_) {
        listen(group->settings.instances);
        for (const auto& metric : group->settings.metrics) listen(metric.measured);
    }
    evaluated_.reset();
    judge();
}

void Scaling::restore(const std::vector<PlanRow>& rows) {
    const auto now = outlets_.now();
    restored_ = true;
    for (const auto& group : groups_) {
        auto kept = kept_scaling(rows, group->settings.rules.group);
        for (const auto& decision : kept.decisions) group->kept[decision.id] = decision.state;
        group->scaler.restore(std::move(kept.decisions), std::move(kept.manual), now);
        settle(*group, now);
    }
}

void Scaling::metric(const std::string& name, Time time, double value) {
    const auto found = published_.find(name);
    if (found == published_.end()) return;
    const auto known = std::min(time, outlets_.now());
    // A time to come was told before the clock was set back.
    if (known >= found->second.time || found->second.time > outlets_.now()) found->second = {known, value};
}

std::optional<double> Scaling::number(const NumberSource& source, Time now) const {
    if (const auto* point = std::get_if<PointRef>(&source)) return present_value(site_, *point);
    const auto* metric = std::get_if<std::string>(&source);
    if (metric == nullptr) return std::nullopt;
    const auto found = published_.find(*metric);
    const bool fresh =
        found != published_.end() && now - found->second.time <= fresh_for && found->second.time <= now;
    return fresh ? std::optional(found->second.value) : std::nullopt;
}

// The highest of all that is said of the time until a new instance carries load.
void Scaling::add_forecast(Group& group, const ScaledMetric& metric, dispatch::ScalingMetric& known,
                           Time now) const {
    auto& input = group.input;
    const auto forecast = forecasts_.find(metric.series);
    if (!forecast) {
        group.forecast_known = false;
        return;
    }
    const auto until = now + group.settings.lead_time;
    const auto take = [&](const std::vector<SeriesForecastStep>& steps, Duration length) {
        for (const auto& step : steps) {
            if (step.valid_at > until || step.valid_at + length <= now) continue;
            const double value = quantile_of(step, group.settings.rules.quantile);
            known.forecast = std::max(known.forecast.value_or(value), value);
        }
    };
    take(forecast->near, forecast->near_step);
    take(forecast->steps, forecast->step);
    for (const auto& event : forecast->events) {
        const bool now_or_soon = event.start <= until && event.end > now;
        if (now_or_soon && input.event.find(event.name) == std::string::npos)
            input.event += (input.event.empty() ? "" : ", ") + event.name;
    }
    const auto lead = group.settings.lead_time;
    const std::size_t horizon = lead <= Duration{900'000} ? 0 : lead <= Duration{3'600'000} ? 1 : 2;
    const auto confidence = forecast->confidence.at(horizon);
    if (!confidence || !known.forecast) group.forecast_known = false;
    input.confidence = std::min(input.confidence, confidence.value_or(0));
    input.forecast_age = std::max(input.forecast_age, now - forecast->issued_at);
}

void Scaling::gather(Group& group, Time now) const {
    const auto& settings = group.settings;
    auto& input = group.input = {};
    group.forecast_known = true;
    const auto running = number(settings.instances, now);
    if (running && *running >= 0 && *running <= 1e6)
        input.instances = static_cast<int>(std::lround(*running));
    for (const auto& metric : settings.metrics) {
        dispatch::ScalingMetric known{.name = metric.name,
                                      .forecast = {},
                                      .measured = number(metric.measured, now),
                                      .capacity_per_instance = metric.capacity_per_instance};
        if (!metric.series.empty()) add_forecast(group, metric, known, now);
        if (known.measured && input.instances && *input.instances > 0) {
            const double share = *known.measured / (known.capacity_per_instance * *input.instances);
            input.utilisation = std::max(input.utilisation.value_or(share), share);
        }
        input.metrics.push_back(std::move(known));
    }
    if (!group.forecast_known) input.confidence = 0;
    const auto& allocated = planner_.allocation();
    const auto& plan = planner_.report();
    if (settings.load_class.empty() || !allocated || !plan || !plan->is_in_force(now)) return;
    const auto& bidders = allocated->auction.bidders;
    for (std::size_t i = 0; i < std::min(bidders.size(), allocated->allocation.awards.size()); ++i) {
        const auto& award = allocated->allocation.awards[i];
        if (bidders[i].id == settings.load_class) input.awarded_kw = award.load_kw();
    }
}

// Surely, and for long enough.
bool Scaling::have_mains() {
    const auto mains = present_mains(site_);
    const auto now = outlets_.steady();
    const bool are_out = mains_.update(mains, now);
    return mains == dispatch::Mains::present && !are_out && !mains_.are_returning(return_delay, now);
}

void Scaling::tick() {
    const auto now = outlets_.now();
    static_cast<void>(have_mains());  // an outage is remembered even where nothing is decided
    if (groups_.empty() || !restored_) return;
    if (evaluated_ && now >= *evaluated_ && now < *evaluated_ + evaluate_every) return;
    evaluated_ = now;
    for (const auto& group : std::vector(groups_)) evaluate(group, now);
    judge();
}

std::optional<ScalingDecision> Scaling::evaluate(const std::shared_ptr<Group>& group, Time now) {
    gather(*group, now);
    std::optional<ScalingDecision> decision;
    const auto& actuator = group->settings.actuator;
    group->waits_for_mains = std::holds_alternative<DeviceActuator>(actuator) && !have_mains();
    if (restored_ && !group->waits_for_mains && !std::holds_alternative<AdviceOnly>(actuator)) {
        decision = group->scaler.verify(group->input, now);
        if (!decision) decision = group->scaler.evaluate(group->input, now);
        if (decision) carry_out(group, *decision, now);
    } else {
        // Without a number to start from it says what is needed, and decides nothing.
        auto advised = group->input;
        advised.instances.reset();
        static_cast<void>(group->scaler.evaluate(advised, now));
    }
    settle(*group, now);
    tell(*group, false);
    return decision;
}

void Scaling::carry_out(const std::shared_ptr<Group>& group, const ScalingDecision& decision, Time now) {
    settle(*group, now);  // pending is told before anything else comes of it
    Json body{{"service_name", group->settings.rules.group},
              {"current_instances", decision.from},
              {"target_instances", decision.to},
              {"reason", decision.reason}};
    actuators_.order(group->settings.actuator, decision.id, decision.to, std::move(body), now,
                     [this, known = std::weak_ptr(group), id = decision.id](const std::string& why_not) {
                         const auto still = known.lock();
                         if (!still) return;  // of a configuration that is no longer in force
                         const auto time = outlets_.now();
                         if (why_not.empty()) {
                             still->scaler.report_executed(id, time);
                         } else {
                             still->scaler.report_failed(id, why_not);
                         }
                         settle(*still, time);
                         tell(*still, false);
                         judge();
                     });
}

// Tells and keeps every change of a decision, once.
void Scaling::settle(Group& group, Time now) {
    const auto& id = group.settings.rules.group;
    std::map<std::string, ScalingState> known;
    for (const auto& decision : group.scaler.decisions()) {
        known[decision.id] = decision.state;
        const auto before = group.kept.find(decision.id);
        if (before != group.kept.end() && before->second == decision.state) continue;
        outlets_.keep(decision_row(id, decision, now));
        if (decision.state != ScalingState::verified) {
            outlets_.tell_event(std::string("event/scaling.") + dispatch::name_of(decision.state),
                                describe_decision(id, decision));
        }
    }
    group.kept = std::move(known);
}

ScalingGroupView Scaling::view_of(const Group& group) const {
    const auto& rules = group.settings.rules;
    const auto& scaler = group.scaler;
    ScalingGroupView view{.id = rules.group,
                          .instances = group.input.instances,
                          .needed = scaler.needed(),
                          .need_reason = scaler.need_reason(),
                          .least_instances = rules.least_instances,
                          .most_instances = rules.most_instances,
                          .is_advice = std::holds_alternative<AdviceOnly>(group.settings.actuator),
                          .actuator = actuator_text(group.settings.actuator),
                          .metrics = group.input.metrics,
                          .utilisation = group.input.utilisation,
                          .awarded_kw = group.input.awarded_kw,
                          .manual = scaler.manual()};
    const bool forecast = std::ranges::any_of(group.settings.metrics,
                                              [](const auto& metric) { return !metric.series.empty(); });
    if (forecast && group.forecast_known) view.confidence = group.input.confidence;
    if (!scaler.decisions().empty()) view.last = scaler.decisions().back();
    const auto set = [&](ScalingStatus status, std::string reason) {
        view.status = status;
        view.reason = std::move(reason);
    };
    if (!view.instances && !view.is_advice) {
        set(ScalingStatus::degraded, "the present number of instances is unknown");
    } else if (!view.needed) {
        set(ScalingStatus::degraded, "no metric is known");
    } else if (view.last && is_open(*view.last)) {
        set(ScalingStatus::scaling, view.last->reason);
    } else if (!view.instances || *view.instances == *view.needed) {
        set(ScalingStatus::stable, "");
    } else if (view.is_advice) {
        set(ScalingStatus::held, "it is advice: nothing carries it out");
    } else if (group.waits_for_mains) {
        set(ScalingStatus::held, "no register is written until the mains have been there for five minutes");
    } else if (view.last && came_to_nothing(*view.last)) {
        set(ScalingStatus::degraded, view.last->outcome.empty() ? view.last->reason : view.last->outcome);
    } else {
        set(ScalingStatus::held, std::string(scaler.holding()));
    }
    return view;
}

std::vector<ScalingGroupView> Scaling::groups() const {
    std::vector<ScalingGroupView> all;
    all.reserve(groups_.size());
    for (const auto& group : groups_) all.push_back(view_of(*group));
    return all;
}

std::vector<GroupDecision> Scaling::decisions() const {
    std::vector<GroupDecision> all;
    for (const auto& group : groups_) {
        for (const auto& decision : group->scaler.decisions())
            all.push_back({group->settings.rules.group, decision});
    }
    std::ranges::stable_sort(
        all, [](const auto& a, const auto& b) { return a.decision.created > b.decision.created; });
    return all;
}

Result<std::optional<ScalingDecision>> Scaling::set_by_hand(const std::string& group,
                                                            dispatch::ManualOverride manual) {
    const auto found =
        std::ranges::find_if(groups_, [&](const auto& one) { return one->settings.rules.group == group; });
    if (found == groups_.end()) {
        return Error{ErrorCode::not_found,
                     "no service \"" + group + "\" is scaled; scaling.status lists them", ""};
    }
    if (!restored_)
        return Error{ErrorCode::service_unavailable, "what was decided before is still being read", ""};
    const auto& rules = (*found)->settings.rules;
    if (manual.instances < rules.least_instances || manual.instances > rules.most_instances) {
        return Error{ErrorCode::validation_error,
                     fmt::format("{} to {}", rules.least_instances, rules.most_instances), ""};
    }
    const auto now = outlets_.now();
    outlets_.keep(override_row(group, manual, now));
    (*found)->scaler.override_manually(std::move(manual));
    auto decision = evaluate(*found, now);
    judge();
    return decision;
}

void Scaling::tell_again() {
    for (const auto& group : groups_) tell(*group, true);
}

void Scaling::tell(Group& group, bool anew) {
    const auto view = view_of(group);
    const auto& last = view.last;
    auto text = fmt::format("{} {} {} {} {} {}", to_string(view.status), view.reason,
                            view.instances.value_or(-1), view.needed.value_or(-1), view.manual.has_value(),
                            last ? last->id + dispatch::name_of(last->state) : std::string());
    if (text == group.told && !anew) return;
    group.told = std::move(text);
    outlets_.tell_retained(topic_of(view.id), describe_group(view));
}

void Scaling::judge() {
    std::string flapping;
    std::string failed;
    for (const auto& group : groups_) {
        const auto& id = group->settings.rules.group;
        if (group->scaler.is_flapping())
            flapping += fmt::format("{}{}: {}", flapping.empty() ? "" : "; ", id, group->scaler.holding());
        const auto view = view_of(*group);
        const bool as_needed = view.instances && view.instances == view.needed;
        if (!view.last || as_needed || !came_to_nothing(*view.last)) continue;
        failed +=
            fmt::format("{}{} from {} to {}: {}", failed.empty() ? "" : "; ", id, view.last->from,
                        view.last->to, view.last->outcome.empty() ? view.last->reason : view.last->outcome);
    }
    const auto set = [&](std::string_view type, const std::string& message) {
        auto& told = told_conditions_[std::string(type)];
        if (told == message) return;
        told = message;
        outlets_.condition(type, !message.empty(), message);
    };
    set("scaling_flapping", flapping);
    set("scaling_failed", failed);
}

}  // namespace sitepower
