// A small site in virtual time, for tests of the whole engine: one UPS, a monitor with two strings of 36
// jars, a lithium pack with its BMS. Its electricity is crude but consistent: currents, charge and voltages
// agree.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/site/site.hpp"

namespace sitepower::sim {

inline constexpr Time start_time = from_ms(1'795'305'600'000);  // 2026-11-22T00:00:00Z
inline constexpr std::size_t jars_per_string = 36;
inline constexpr std::size_t pack = 72;  // position of the lithium pack among the batteries

std::shared_ptr<const SiteModel> make_model(Duration period);

// What the scenario may change while it runs.
struct Plant {
    bool mains = true;
    bool monitor_answers = true;
    bool bms_answers = true;
    double load_a = 25;     // of each string while the mains are gone
    double missing_ah = 0;  // of each string; 100 Ah in all
    double pack_missing_ah = 0;
    double room_c = 25;
    std::vector<double> extra_c = std::vector<double>(72, 0.0);  // temperature of a jar above the room's
    std::vector<double> extra_v = std::vector<double>(72, 0.0);  // voltage of a jar above the others'
    std::vector<double> resistance_factor = std::vector<double>(72, 1.0);
};

class ScriptedSite {
  public:
    explicit ScriptedSite(SiteSettings settings = {}, Duration period = Duration{5'000});

    // Advances in seconds: frames where due, then a tick.
    void run(Duration duration);
    void handle(const Event& event);
    // The process ends and starts again, `pause` later.
    void restart(Duration pause = Duration{1'000});
    // The wall clock is set; the world goes on.
    void set_clock(Duration by) { clock_error_ += by; }

    Time now() const { return start_time + passed_ + clock_error_; }
    Plant& plant() { return plant_; }
    const Site& site() const { return *site_; }
    const BatteryState& battery(std::size_t index) const { return site_->batteries()[index]; }

    // Everything that came out since the last call, one line each, and the alerts among it.
    std::vector<std::string> take_log() { return std::exchange(log_, {}); }
    std::vector<AlertChange> take_alerts() { return std::exchange(alerts_, {}); }
    std::size_t told_batteries() const { return told_batteries_; }
    std::optional<Error> last_refusal() const { return refusal_; }
    const Alert* find_open(std::string_view type) const;

  private:
    void step_plant();
    void poll();
    void record();
    void check_sanity() const;

    SiteSettings settings_;
    std::shared_ptr<const SiteModel> model_;
    std::unique_ptr<Site> site_;
    Plant plant_;
    Duration period_;
    Duration passed_{};
    Duration clock_error_{};
    double string_a_ = 0;
    double pack_a_ = 0;
    Effects effects_;
    std::vector<std::string> log_;
    std::vector<AlertChange> alerts_;
    std::optional<Error> refusal_;
    std::size_t told_batteries_ = 0;
};

}  // namespace sitepower::sim
