// What series remember, from the store: opens a reading connection when the first question comes. Lives for
// one job of the forecast thread.
#pragma once

#include <memory>
#include <string>

#include "daemon/forecast/series_book.hpp"
#include "daemon/store/reader.hpp"

namespace sitepower {

class StoreMemory final : public SeriesMemory {
  public:
    // path: of the database.
    explicit StoreMemory(std::string path) : path_(std::move(path)) {}

    Result<StoredSeries> stored_series(const std::string& series, Time from) override;
    Result<std::vector<forecast::ClosedStep>> series_steps(const std::string& series, Time from,
                                                           Time to) override;
    Result<MatchedAnswer> matched_forecasts(const MatchedQuestion& question) override;
    Result<std::vector<forecast::ModelVersion>> models() override;
    Result<std::vector<SeriesEvent>> known_events() override;
    Result<std::vector<Job>> jobs(std::size_t limit) override;

  private:
    Result<Reader*> reader();

    std::string path_;
    std::unique_ptr<Reader> reader_;
};

}  // namespace sitepower
