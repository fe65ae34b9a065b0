#include "daemon/operation/store_history.hpp"

#include <utility>

namespace sitepower {
namespace {

SeriesResolution resolution_of(Resolution resolution) {
    switch (resolution) {
        case Resolution::automatic:
            return SeriesResolution::automatic;
        case Resolution::raw:
            return SeriesResolution::raw;
        case Resolution::minute:
            return SeriesResolution::minute;
        case Resolution::quarter:
            return SeriesResolution::quarter;
    }
    return SeriesResolution::automatic;
}

Resolution resolution_of(SeriesResolution resolution) {
    switch (resolution) {
        case SeriesResolution::automatic:
        case SeriesResolution::raw:
            return Resolution::raw;
        case SeriesResolution::minute:
            return Resolution::minute;
        case SeriesResolution::quarter:
            return Resolution::quarter;
    }
    return Resolution::raw;
}

PastRow row_of(const SeriesRow& row) {
    PastRow past;
    past.time = row.time;
    past.values.reserve(row.values.size());
    for (const auto& value : row.values) {
        const bool good = value.quality == Quality::good;
        past.values.push_back({.point = value.point,
                               .value = good ? std::optional(value.value) : std::nullopt,
                               .quality = value.quality});
    }
    return past;
}

}  // namespace

Result<ValueAnswer> StoreHistory::values(const ValueQuestion& question) {
    // A battery without any sensor has a history of estimates only.
    if (question.points.empty()) return ValueAnswer{.resolution = Resolution::raw, .rows = {}};
    SeriesQuery query;
    for (const auto& point : question.points) query.points.push_back({point.device, point.point});
    query.from = question.from;
    query.to = question.to;
    query.limit = question.limit;
    query.resolution = resolution_of(question.resolution);
    const auto found = reader_->series(query);
    if (!found) return found.error();
    ValueAnswer answer;
    answer.resolution = resolution_of(found->resolution);
    answer.cut_off = found->cut_off;
    answer.rows.reserve(found->rows.size());
    for (const auto& row : found->rows) answer.rows.push_back(row_of(row));
    return answer;
}

Result<std::vector<PastEstimate>> StoreHistory::estimates(const std::string& battery, Time from, Time to,
                                                          std::size_t limit) {
    const auto found = reader_->battery_states(battery, from, to, limit, Keep::newest);
    if (!found) return found.error();
    std::vector<PastEstimate> estimates;
    estimates.reserve(found->size());
    for (const auto& told : *found) estimates.push_back({told.time, told.soc_pct.value, told.soh_pct.value});
    return estimates;
}

Result<std::vector<Alert>> StoreHistory::alerts(const AlertQuestion& question) {
    AlertQuery filter;
    // The ends of time stand for no limit at all.
    if (question.from != Time::min()) filter.from = question.from;
    if (question.to != Time::max()) filter.to = question.to;
    filter.type = question.type;
    filter.limit = question.limit;
    auto found = reader_->alerts(filter);
    if (!found) return found.error();
    return std::move(found->alerts);
}

Result<std::optional<Alert>> StoreHistory::alert(const std::string& id) {
    return reader_->alert(id);
}

Result<std::optional<Time>> StoreHistory::begins() {
    return reader_->begins();
}

namespace {

class NoHistory final : public History {
  public:
    explicit NoHistory(Error error) : error_(std::move(error)) {}
    Result<ValueAnswer> values(const ValueQuestion&) override { return error_; }
    Result<std::vector<PastEstimate>> estimates(const std::string&, Time, Time, std::size_t) override {
        return error_;
    }
    Result<std::vector<Alert>> alerts(const AlertQuestion&) override { return error_; }
    Result<std::optional<Alert>> alert(const std::string&) override { return error_; }
    Result<std::optional<Time>> begins() override { return error_; }

  private:
    Error error_;
};

}  // namespace

Completion ask_store(const std::string& path, Query& query) {
    const auto reader = Reader::open(path);
    if (!reader) {
        NoHistory nothing(reader.error());
        return query(nothing);
    }
    StoreHistory history(**reader);
    return query(history);
}

}  // namespace sitepower
