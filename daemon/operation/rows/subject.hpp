// What several rows say about the same subjects: lookups by identifier, the JSON of an alert and a battery,
// paging, and the parameters and fields that go with them. Loop thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/operation/operation.hpp"

namespace sitepower {

// NOT_FOUND that names what was looked for and where the valid names are listed.
Failure not_found(std::string_view kind, std::string_view id, std::string_view listed_by);

std::optional<BatteryIndex> find_battery(const SiteModel& model, std::string_view id);
std::optional<LocationIndex> find_location(const SiteModel& model, std::string_view id);
std::optional<DeviceIndex> find_device(const SiteModel& model, std::string_view id);
std::optional<StringIndex> find_string(const SiteModel& model, std::string_view id);

LocationIndex location_of(const SiteModel& model, BatteryIndex battery);
// Where the subject of an alert stands; empty for the site as a whole and for what is no longer configured.
std::optional<LocationIndex> location_of(const SiteModel& model, const Subject& subject);

std::string_view to_string(DeviceKind kind);
std::string_view to_string(Chemistry chemistry);

// skip and limit, with the limits of the rules for lists.
Parameter skip_parameter();
Parameter limit_parameter(std::string_view fallback = "100", double maximum = 1000);
Parameter identifier_parameter(std::string_view name, std::string_view help);
Parameter path_parameter(std::string_view name, std::string_view help);

// A page of a list: items[skip, skip + limit) described one by one, and the total.
template <class Items, class Describe>
Json page(const Items& items, const Parameters& parameters, Describe describe) {
    const auto skip = static_cast<std::size_t>(*parameters.integer("skip"));
    const auto limit = static_cast<std::size_t>(*parameters.integer("limit"));
    Json list = Json::array();
    for (std::size_t i = skip; i < items.size() && list.size() < limit; ++i)
        list.push_back(describe(items[i]));
    return {{"items", std::move(list)}, {"total", items.size()}, {"skip", skip}, {"limit", limit}};
}

// `fields` with `prefix` before each path: prefixed("items[].", ...).
std::vector<Field> prefixed(std::string_view prefix, const std::vector<Field>& fields);

// The fields of `page` whose items have `item_fields`.
std::vector<Field> page_fields(const std::vector<Field>& item_fields);

// Appends `more` to `fields`.
std::vector<Field> joined(std::vector<Field> fields, const std::vector<Field>& more);

// Runs `work` on the worker thread and answers with what it returns; SERVICE_UNAVAILABLE when the worker's
// queue is full. `work` may not touch the site: it takes along what it needs.
void answer_from_history(Context& context, Reply reply, UniqueFunction<Outcome(History&)> work);

// The same in two steps: `ask` on the worker thread, `answer` with what was found, on the loop thread.
template <class Found>
void answer_after_history(Context& context, Reply reply, UniqueFunction<Found(History&)> ask,
                          UniqueFunction<Outcome(Found, Context&)> answer) {
    auto back_on_loop = [&context, reply = std::move(reply), answer = std::move(answer)](
                            Found found) mutable { reply(answer(std::move(found), context)); };
    const bool accepted = context.query([ask = std::move(ask), back_on_loop = std::move(back_on_loop)](
                                            History& history) mutable -> Completion {
        return [found = ask(history), back_on_loop = std::move(back_on_loop)]() mutable {
            back_on_loop(std::move(found));
        };
    });
    // A refused query is dropped with its Reply, which then answers SERVICE_UNAVAILABLE by itself.
    static_cast<void>(accepted);
}

}  // namespace sitepower
