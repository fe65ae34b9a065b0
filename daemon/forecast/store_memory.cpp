#include "daemon/forecast/store_memory.hpp"

#include <utility>

namespace sitepower {

Result<Reader*> StoreMemory::reader() {
    if (!reader_) {
        auto opened = Reader::open(path_);
        if (!opened) return opened.error();
        reader_ = std::move(opened).value();
    }
    return reader_.get();
}

Result<StoredSeries> StoreMemory::stored_series(const std::string& series, Time from) {
    const auto open = reader();
    if (!open) return open.error();
    return open.value()->stored_series(series, from);
}

Result<std::vector<forecast::ClosedStep>> StoreMemory::series_steps(const std::string& series, Time from,
                                                                    Time to) {
    const auto open = reader();
    if (!open) return open.error();
    return open.value()->series_steps(series, from, to);
}

Result<MatchedAnswer> StoreMemory::matched_forecasts(const MatchedQuestion& question) {
    const auto open = reader();
    if (!open) return open.error();
    return open.value()->matched_forecasts(question);
}

Result<std::vector<forecast::ModelVersion>> StoreMemory::models() {
    const auto open = reader();
    if (!open) return open.error();
    return open.value()->models();
}

Result<std::vector<SeriesEvent>> StoreMemory::known_events() {
    const auto open = reader();
    if (!open) return open.error();
    return open.value()->known_events();
}

Result<std::vector<Job>> StoreMemory::jobs(std::size_t limit) {
    const auto open = reader();
    if (!open) return open.error();
    return open.value()->jobs(limit);
}

}  // namespace sitepower
