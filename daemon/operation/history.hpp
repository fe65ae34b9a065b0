// The questions that operations ask of the store. Used on the worker thread only, where waiting for the disk
// hurts nobody; the app implements it over the store's Reader, tests over plain vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/alert/alert.hpp"
#include "core/base/quality.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace sitepower {

enum class Resolution : std::uint8_t { automatic, raw, minute, quarter };

std::string_view to_string(Resolution resolution);  // "auto", "raw", "1m", "15m"
std::optional<Resolution> parse_resolution(std::string_view word);

struct PointName {
    std::string device;
    std::string point;
    bool operator==(const PointName&) const = default;
};

struct ValueQuestion {
    std::vector<PointName> points{};
    Time from{};
    Time to{};                                      // exclusive
    std::size_t limit = 0;                          // rows, the newest
    Resolution resolution = Resolution::automatic;  // automatic: the finest that fits the limit and has rows
};

// One value of a row: which of the asked points, and what it was.
struct PastValue {
    std::size_t point = 0;        // position in ValueQuestion::points
    std::optional<double> value;  // of a roll-up: the mean
    Quality quality = Quality::good;
};

struct PastRow {
    Time time{};
    std::vector<PastValue> values{};
};

struct ValueAnswer {
    Resolution resolution = Resolution::raw;  // never automatic
    std::vector<PastRow> rows;                // oldest first
    bool cut_off = false;                     // older rows of the range went over the limit
};

struct PastEstimate {
    Time time{};
    std::optional<double> soc_pct;
    std::optional<double> soh_pct;
};

struct AlertQuestion {
    Time from{};  // triggered in [from, to)
    Time to{};
    std::size_t limit = 0;  // newest first
    std::string type{};     // empty: of all types
};

// Each answers with an Error when the store cannot be read (SERVICE_UNAVAILABLE) or would take too long
// (PAYLOAD_TOO_LARGE). What is not there is an empty answer, never an Error.
class History {
  public:
    virtual ~History() = default;
    // A row holds those of the points that its poll read; what was not good is empty and says why.
    virtual Result<ValueAnswer> values(const ValueQuestion& question) = 0;
    // States of one battery as they were told, oldest first; of more than the limit the newest.
    virtual Result<std::vector<PastEstimate>> estimates(const std::string& battery, Time from, Time to,
                                                        std::size_t limit) = 0;
    // Open alerts as of their last commit: what the site says of them now goes before it.
    virtual Result<std::vector<Alert>> alerts(const AlertQuestion& question) = 0;
    virtual Result<std::optional<Alert>> alert(const std::string& id) = 0;
    // When the store's history of this site begins; nothing yet: empty.
    virtual Result<std::optional<Time>> begins() = 0;
};

}  // namespace sitepower
