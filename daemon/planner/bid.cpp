#include "daemon/planner/bid.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <string_view>

namespace sitepower {
namespace {

Error no_segments(std::string problem) {
    return {.code = ErrorCode::validation_error, .message = std::move(problem), .detail = {}};
}

std::string text_of(const InputJson& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Json describe_segments(const std::vector<dispatch::ValueSegment>& segments) {
    Json list = Json::array();
    for (const auto& segment : segments)
        list.push_back({{"value_per_kwh", segment.value_per_kwh}, {"kw", segment.width_kw}});
    return list;
}

Result<std::vector<dispatch::ValueSegment>> read_segments(const InputJson& json) {
    if (!json.is_array()) return no_segments("is not a list");
    if (json.size() > most_segments)
        return no_segments(fmt::format("has more than {} segments", most_segments));
    std::vector<dispatch::ValueSegment> segments;
    for (const auto& item : json) {
        if (!item.is_object() || item.size() != 2 || !item.contains("value_per_kwh") ||
            !item.contains("kw") || !item["value_per_kwh"].is_number() || !item["kw"].is_number()) {
            return no_segments(
                fmt::format("element {} has not just the numbers value_per_kwh and kw", segments.size()));
        }
        const dispatch::ValueSegment segment{item["value_per_kwh"].get<double>(), item["kw"].get<double>()};
        const auto wrong = [&](std::string_view field, std::string_view why) {
            return no_segments(fmt::format("[{}].{} {}", segments.size(), field, why));
        };
        if (!(segment.width_kw >= 0 && segment.width_kw <= most_bid_kw))
            return wrong("kw", "is not from 0 to 1000000");
        if (!(std::abs(segment.value_per_kwh) <= most_value_per_kwh))
            return wrong("value_per_kwh", "is not from -1000 to 1000");
        if (!segments.empty() && segment.value_per_kwh > segments.back().value_per_kwh)
            return wrong("value_per_kwh", "is above that of the segment before: values fall with the power");
        segments.push_back(segment);
    }
    return segments;
}

PlanRow bid_row(const std::string& load_class, const Bid& bid, Time now) {
    return {.time = now,
            .kind = std::string(bid_row_kind),
            .status = "accepted",
            .body = to_text(Json{{"class", load_class},
                                 {"segments", describe_segments(bid.segments)},
                                 {"valid_until", format_time(bid.valid_until)}})};
}

std::map<std::string, Bid> kept_bids(std::span<const PlanRow> rows, Time now) {
    std::map<std::string, Bid> bids;
    std::set<std::string> seen;
    for (const auto& row : rows) {
        const auto json = InputJson::parse(row.body, nullptr, false);
        if (!json.is_object() || !json.contains("segments")) continue;
        const auto load_class = text_of(json, "class");
        const auto until = parse_time(text_of(json, "valid_until"));
        auto segments = read_segments(json["segments"]);
        if (!until || !segments || !seen.insert(load_class).second) continue;
        if (*until > now && *until <= now + longest_bid)
            bids[load_class] = {.segments = std::move(*segments), .valid_until = *until};
    }
    return bids;
}

}  // namespace sitepower
