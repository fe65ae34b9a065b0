// Refits, versions and jobs of the SeriesBook.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/forecast/series_book.hpp"

namespace sitepower {

using forecast::AccuracyWindow;
using forecast::HorizonClass;
using forecast::ModelVersion;

namespace {

// At the place of the series, when the site is at its quietest.
constexpr std::size_t young_hours = std::size_t{28} * 24;
constexpr Duration nightly{std::chrono::hours{2}};

std::int64_t local_day(const SeriesSettings& settings, Time now) {
    const Time local = now + settings.clock.offset_at(now) - nightly;
    return to_ms(local) / one_day.count() - (to_ms(local) < 0 ? 1 : 0);
}

// What a model is fitted on at the least.
bool holds_a_day(const forecast::ServedSeries& series) {
    return series.forecaster().long_horizon().ensemble().history().size() >= 24;
}

Error no_series(std::string_view series, const std::vector<std::string>& names) {
    return {
        .code = ErrorCode::not_found,
        .message = fmt::format("there is no series {}; there are {}", series,
                               names.empty() ? "none configured" : fmt::format("{}", fmt::join(names, ", "))),
        .detail = {}};
}

}  // namespace

// Young series ask for it themselves; older ones are refitted in the night after their last fit.
bool SeriesBook::is_due(Served& served, Time now) {
    if (served.unread) return false;
    const auto& forecaster = served.series->forecaster();
    if (!holds_a_day(*served.series)) return false;
    if (!served.refit_why.empty()) return true;
    const auto hours = forecaster.long_horizon().ensemble().history().size();
    const bool young = hours < young_hours;
    // A young one asks every day, and goes on asking while what came of it is no better.
    if (served.series->refit_due() && (young || !served.trained_day))
        return served.trained_day != local_day(served.settings, now);
    if (!forecaster.long_horizon().fitted() || young) return false;
    if (!served.trained_day) {
        const auto* active = registry_.active(served.settings.id);
        served.trained_day = local_day(served.settings, active != nullptr ? active->trained_to : now);
    }
    if (local_day(served.settings, now) <= *served.trained_day) return false;
    served.refit_why = "nightly";
    return true;
}

bool SeriesBook::work(SeriesMemory& memory, Time now) {
    if (read_again(memory, now) || run_job(memory, now)) return true;
    for (auto& served : series_) {
        if (!is_due(served, now)) continue;
        fit(served, now, now);
        return true;
    }
    return false;
}

void SeriesBook::fit(Served& served, Time day, Time now) {
    if (!holds_a_day(*served.series)) return;
    if (served.refit_why.empty()) served.refit_why = "young";
    auto refit = served.series->refit();
    if (refit) {
        static_cast<void>(finish_refit(served, std::move(refit.value()), Time{}, now));
    } else {
        effects_.troubles.push_back(
            fmt::format("series {} could not be refitted: {}", served.settings.id, refit.error().message));
        served.series->keep();
    }
    served.refit_why.clear();
    served.trained_day = local_day(served.settings, day);
}

Result<forecast::Refit> SeriesBook::refit_for(Served& served, const Job& job, SeriesMemory& memory,
                                              Time now) {
    if (job.training_days == 0) return served.series->refit();
    const auto steps =
        memory.series_steps(stored_name(served.settings), now - one_day * job.training_days, Time::max());
    if (!steps) return steps.error();
    return served.series->refit_from(steps.value(), Time::max());
}

// True: it is in force. A new model must not be worse, on the origins of the last week that it is tried on,
// than what the old one really said in that week: both up to two days ahead.
Result<bool> SeriesBook::finish_refit(Served& served, forecast::Refit refit, Time from, Time now) {
    const auto& id = served.settings.id;
    const auto& history = refit.forecaster->long_horizon().ensemble().history();
    const Time end = refit.forecaster->newest() + served.settings.step;
    const auto held = std::chrono::hours{static_cast<std::int64_t>(history.size())};
    ModelVersion candidate{.name = id,
                           .kind = "series",
                           .checksum = forecast::checksum_of(refit.forecaster->save()),
                           .trained_from = floor_to(end, one_hour) - held,
                           // Published prices lie ahead: trained to now, at the latest.
                           .trained_to = std::min(end, now),
                           .samples = refit.forecaster->samples(),
                           .metrics = refit.metrics};
    const auto lived = served.series->accuracy(HorizonClass::long_48h, AccuracyWindow::week, now);
    const bool worse =
        // One on days that were asked for shows what it can, or stands by.
        lived.mase && (refit.metrics.mase || from > Time{}) &&
        !forecast::may_replace(refit.metrics, {.mase = lived.mase, .smape_pct = {}, .coverage95 = {}});
    const auto version = registry_.add(candidate);
    if (!version) return version.error();
    if (worse) {
        // Stands by, for whoever knows better.
        served.series->keep();
    } else {
        if (const auto done = registry_.activate(id, *version, now); !done) return done.error();
        served.series->speak_as(*version);
        served.series->adopt(std::move(refit), now);
        keep_state(served, now);
        tell(served, now);
    }
    keep_models(id);
    effects_.retrained.push_back({.version = *registry_.find(id, *version),
                                  .in_force = !worse,
                                  .why = served.refit_why.empty() ? "request" : served.refit_why});
    return !worse;
}

void SeriesBook::keep_models(std::string_view name) {
    ModelRows rows{.name = std::string(name), .versions = {}};
    for (const auto& version : registry_.versions()) {
        if (version.name == name) rows.versions.push_back(version);
    }
    effects_.rows.models.push_back(std::move(rows));
}

Result<ModelVersion> SeriesBook::activate(std::string_view series, std::uint32_t version,
                                          SeriesMemory& memory, Time now) {
    Served* served = find_served(series);
    if (served == nullptr) return no_series(series, names());
    if (served->unread) return not_read_yet();
    const auto* wanted = registry_.find(series, version);
    if (wanted == nullptr) {
        return registry_.activate(series, version, now).error();  // names the versions that there are
    }
    if (wanted->status == forecast::ModelStatus::active) return *wanted;
    const auto steps = memory.series_steps(stored_name(served->settings), wanted->trained_from, Time::max());
    if (!steps) return steps.error();
    if (steps->empty() || steps->front().begin > wanted->trained_from + one_day) {
        return Error{.code = ErrorCode::insufficient_data,
                     .message = fmt::format("the steps that version {} of {} was trained on (from {}) are no "
                                            "longer kept; retrain instead",
                                            version, series, format_time(wanted->trained_from)),
                     .detail = {}};
    }
    auto refit = served->series->refit_from(steps.value(), wanted->trained_to);
    if (!refit) return refit.error();
    if (const auto done = registry_.activate(series, version, now); !done) return done.error();
    served->series->speak_as(version);
    served->series->adopt(std::move(refit.value()), now);
    served->trained_day = local_day(served->settings, now);
    keep_models(series);
    keep_state(*served, now);
    tell(*served, now);
    return *registry_.find(series, version);
}

Result<Job> SeriesBook::retrain(std::string_view series, std::optional<std::int64_t> training_days,
                                Time now) {
    const Served* served = find_served(series);
    if (served == nullptr) return no_series(series, names());
    if (!read_) return not_read_yet();
    if (!training_days && !holds_a_day(*served->series)) {
        return Error{.code = ErrorCode::insufficient_data,
                     .message = fmt::format("{} holds no whole day of hours to fit a model on; with "
                                            "training_days it is fitted on what the store has",
                                            series),
                     .detail = {}};
    }
    std::size_t queued = 0;
    for (const auto& job : jobs_) {
        if (job.status != JobStatus::queued) continue;
        ++queued;
        if (job.subject == series) {
            return Error{.code = ErrorCode::conflict,
                         .message = fmt::format("job {} retrains {} already", job.id, series),
                         .detail = {}};
        }
    }
    if (queued >= most_queued_jobs) {
        return Error{.code = ErrorCode::conflict,
                     .message = fmt::format("{} jobs are queued already; wait or cancel some", queued),
                     .detail = {}};
    }
    jobs_.push_back({.id = new_id("JOB", now),
                     .kind = "retrain",
                     .subject = std::string(series),
                     .status = JobStatus::queued,
                     .training_days = training_days.value_or(0),
                     .created_at = now,
                     .result = {}});
    while (jobs_.size() > kept_jobs) jobs_.pop_front();
    keep_job(jobs_.back());
    return jobs_.back();
}

bool SeriesBook::run_job(SeriesMemory& memory, Time now) {
    const auto queued = std::ranges::find(jobs_, JobStatus::queued, &Job::status);
    if (queued == jobs_.end()) return false;
    Job& job = *queued;
    job.status = JobStatus::running;
    job.started_at = now;
    const auto fail = [&](std::string why) {
        job.status = JobStatus::failed;
        job.result = std::move(why);
    };
    if (Served* served = find_served(job.subject); served == nullptr) {
        fail("the series is no longer configured");
    } else if (served->unread) {
        fail(not_read_yet().message);
    } else if (auto refit = refit_for(*served, job, memory, now); !refit) {
        fail(refit.error().message);
    } else {
        const Time from = job.training_days > 0 ? now - one_day * job.training_days : Time{};
        const auto in_force = finish_refit(*served, std::move(refit.value()), from, now);
        if (in_force) {
            job.status = JobStatus::done;
            const auto newest = std::ranges::find(registry_.versions(), job.subject, &ModelVersion::name);
            job.result =
                fmt::format("version {} {}", newest->version,
                            *in_force              ? "is in force"
                            : newest->metrics.mase ? "stands by: its back-test is worse than what "
                                                     "the active version has done in the last week"
                                                   : "stands by: its days are too few for a back-test, "
                                                     "and the active version has figures to show");
        } else {
            fail(in_force.error().message);
        }
    }
    job.ended_at = now;
    keep_job(job);
    return true;
}

void SeriesBook::keep_job(const Job& job) {
    effects_.rows.jobs.push_back(job);
}

Job* SeriesBook::find_job(std::string_view id) {
    const auto found =
        std::ranges::find(jobs_, id, [](const Job& job) -> std::string_view { return job.id; });
    return found == jobs_.end() ? nullptr : &*found;
}

Result<Job> SeriesBook::cancel_job(std::string_view id, Time now) {
    if (!read_) return not_read_yet();
    Job* job = find_job(id);
    if (job == nullptr) {
        return Error{
            .code = ErrorCode::not_found, .message = fmt::format("there is no job {}", id), .detail = {}};
    }
    if (job->status != JobStatus::queued) {
        return Error{.code = ErrorCode::conflict,
                     .message = fmt::format("job {} is {}: only a queued one can be cancelled", id,
                                            to_string(job->status)),
                     .detail = {}};
    }
    job->status = JobStatus::cancelled;
    job->ended_at = now;
    keep_job(*job);
    return *job;
}

}  // namespace sitepower
