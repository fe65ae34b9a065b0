#include "core/dispatch/control/setpoint_control.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sitepower::dispatch::setpoint_control_test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using Kind = ControlWrite::Kind;

enum class Manner : std::uint8_t { obeys, ignores, lags, saturates, lies, refuses };

// An inverter behind a bus that answers within the same second.
struct Inverter {
    Manner manner = Manner::obeys;
    double setpoint_kw = 0;
    double power_kw = 0;  // what really flows
    bool is_taken = false;
    double charge_pct = 50;

    bool take(const ControlWrite& write) {
        if (manner == Manner::refuses) return false;
        if (write.kind == Kind::prepare) is_taken = true;
        if (write.kind == Kind::setpoint) setpoint_kw = write.setpoint_kw;
        if (write.kind == Kind::release) {
            is_taken = false;
            setpoint_kw = 0;
        }
        return true;
    }
    void pass(Duration span) {
        const double s = std::chrono::duration<double>(span).count();
        if (manner == Manner::obeys || manner == Manner::refuses) power_kw = setpoint_kw;
        if (manner == Manner::saturates) power_kw = std::clamp(setpoint_kw, -6.0, 6.0);
        if (manner == Manner::lags) power_kw += (setpoint_kw - power_kw) * (1 - std::exp(-s / 15));
        if (manner == Manner::lies) power_kw = 0;
        charge_pct += 100 * power_kw * s / 3600 / 47;
    }
    double shown_kw() const { return manner == Manner::lies ? setpoint_kw : power_kw; }
};

struct Written {
    Duration at;
    ControlWrite write;
};

class SetpointControlTest : public testing::Test {
  protected:
    SetpointControlTest() { limits_ = usual(); }

    static ControlLimits usual() {
        ControlLimits limits;
        limits.lowest_kw = -20;
        limits.highest_kw = 20;
        limits.ramp_kw_per_s = 2;
        limits.preparations = 1;
        return limits;
    }

    void start() { control_.emplace(limits_); }

    void run(Duration span) {
        if (!control_) start();
        for (const auto until = now_ + span; now_ < until; now_ += seconds{1}) {
            inverter_.pass(seconds{1});
            ControlInput input;
            input.wanted_kw = wanted_kw_;
            input.measured_kw = inverter_.shown_kw();
            if (has_meter_) input.metered_kw = inverter_.power_kw;
            input.charge_pct = inverter_.charge_pct;
            input.mains = mains_;
            for (int i = 0; i < 4; ++i) {
                const auto write = control_->step(input, now_);
                if (!write) break;
                written_.push_back({now_, *write});
                const bool done = inverter_.take(*write);
                control_->wrote(done, done ? "" : "exception 0x02", now_);
            }
        }
    }
    std::vector<Written> written(Kind kind) const {
        std::vector<Written> found;
        std::ranges::copy_if(written_, std::back_inserter(found),
                             [&](const Written& each) { return each.write.kind == kind; });
        return found;
    }

    ControlLimits limits_;
    std::optional<SetpointControl> control_;
    Inverter inverter_;
    std::optional<double> wanted_kw_ = 10;
    Mains mains_ = Mains::present;
    bool has_meter_ = false;
    Duration now_{1'000'000};
    std::vector<Written> written_;
};

TEST_F(SetpointControlTest, PreparesThenRampsToWhatIsWanted) {
    run(seconds{60});
    ASSERT_GE(written_.size(), 2U);
    EXPECT_EQ(written_[0].write.kind, Kind::prepare);
    EXPECT_EQ(written_[1].write.kind, Kind::setpoint);
    EXPECT_EQ(control_->state(), ControlState::controlling);
    EXPECT_EQ(control_->setpoint_kw(), 10);
    EXPECT_EQ(inverter_.power_kw, 10);
    EXPECT_EQ(control_->trouble(), ControlTrouble::none);
    const auto before = written_.size();
    wanted_kw_ = 10.3;  // within the deadband
    run(seconds{60});
    EXPECT_EQ(written_.size(), before);
    wanted_kw_ = 0.0;  // nothing is exactly nothing
    run(seconds{60});
    EXPECT_EQ(control_->setpoint_kw(), 0);
    wanted_kw_ = 1000;
    run(seconds{60});
    EXPECT_EQ(control_->setpoint_kw(), 20);
}

TEST_F(SetpointControlTest, OneThatIgnoresIsNoticedWithinHalfAMinuteAndHandedBack) {
    inverter_.manner = Manner::ignores;
    run(seconds{30});
    EXPECT_EQ(control_->trouble(), ControlTrouble::ignores);
    EXPECT_TRUE(control_->has_failed());
    EXPECT_THAT(control_->reason(), HasSubstr("0.0 kW are measured after 20.0 s"));
    EXPECT_EQ(control_->state(), ControlState::suspended);
    EXPECT_FALSE(control_->engaged());
    ASSERT_EQ(written(Kind::release).size(), 1U);
    // It is tried again, and what was found holds until it has gone well for as long.
    inverter_.manner = Manner::obeys;
    run(limits_.retry_after + seconds{60});
    EXPECT_EQ(control_->state(), ControlState::controlling);
    EXPECT_TRUE(control_->has_failed());
    EXPECT_EQ(control_->fault(), ControlTrouble::ignores);
    EXPECT_EQ(control_->trouble(), ControlTrouble::none) << "now it follows";
    EXPECT_TRUE(control_->is_following());
    run(limits_.retry_after);
    EXPECT_FALSE(control_->has_failed());
}

TEST_F(SetpointControlTest, WhatHoldsNowIsNotHiddenByAnEarlierFault) {
    inverter_.manner = Manner::ignores;
    run(seconds{30});
    inverter_.manner = Manner::saturates;
    run(limits_.retry_after + seconds{60});
    EXPECT_EQ(control_->state(), ControlState::controlling);
    EXPECT_EQ(control_->fault(), ControlTrouble::ignores);
    EXPECT_EQ(control_->trouble(), ControlTrouble::saturates);
    EXPECT_THAT(control_->reason(), HasSubstr("6.0 kW are measured"));
    EXPECT_FALSE(control_->is_following());
}

TEST_F(SetpointControlTest, OneThatIgnoresWhileItIsRampedIsNoticedToo) {
    limits_.ramp_kw_per_s = 0.1;
    inverter_.manner = Manner::ignores;
    run(seconds{40});
    EXPECT_EQ(control_->trouble(), ControlTrouble::ignores);
}

TEST_F(SetpointControlTest, OneThatLagsIsToldAndGoesOn) {
    inverter_.manner = Manner::lags;
    limits_.ramp_kw_per_s = 10;
    bool told = false;
    for (int i = 0; i < 120; ++i) {
        run(seconds{1});
        told = told || control_->trouble() == ControlTrouble::lags;
    }
    EXPECT_TRUE(told);
    EXPECT_FALSE(control_->has_failed());
    EXPECT_EQ(control_->trouble(), ControlTrouble::none);
}

TEST_F(SetpointControlTest, OneThatSaturatesIsToldAndGoesOn) {
    inverter_.manner = Manner::saturates;
    limits_.ramp_kw_per_s = 4;
    run(seconds{60});
    EXPECT_EQ(control_->trouble(), ControlTrouble::saturates);
    EXPECT_FALSE(control_->has_failed());
    EXPECT_EQ(control_->state(), ControlState::controlling);
    // It must still turn round when it is told to.
    inverter_.manner = Manner::ignores;
    wanted_kw_ = -10;
    run(seconds{150});
    EXPECT_EQ(control_->trouble(), ControlTrouble::ignores);
}

TEST_F(SetpointControlTest, OneThatSaturatesOnTheRampIsNoneThatIgnores) {
    inverter_.manner = Manner::saturates;
    inverter_.setpoint_kw = inverter_.power_kw = 4;
    limits_.ramp_kw_per_s = 1;
    wanted_kw_ = -8;
    run(seconds{90});
    EXPECT_EQ(control_->trouble(), ControlTrouble::saturates) << control_->reason();
}

TEST_F(SetpointControlTest, OneThatLiesIsFoundOutByItsMeter) {
    inverter_.manner = Manner::lies;
    has_meter_ = true;
    run(seconds{40});
    EXPECT_EQ(control_->trouble(), ControlTrouble::lies);
    EXPECT_THAT(control_->reason(), HasSubstr("its meter says 0.0 kW"));
    EXPECT_FALSE(control_->engaged());
}

TEST_F(SetpointControlTest, OneThatLiesIsFoundOutByItsChargeWithoutAMeter) {
    inverter_.manner = Manner::lies;
    limits_.capacity_kwh = 47;
    run(seconds{600});
    EXPECT_EQ(control_->trouble(), ControlTrouble::lies);
    EXPECT_THAT(control_->reason(), HasSubstr("its charge has changed by 0.0 %"));
}

TEST_F(SetpointControlTest, AnHonestOneIsNeverCalledALiar) {
    limits_.capacity_kwh = 47;
    has_meter_ = true;
    for (int hour = 0; hour < 20; ++hour) {
        wanted_kw_ = hour % 2 == 0 ? 20 : -20;
        run(seconds{3600});
        ASSERT_EQ(control_->trouble(), ControlTrouble::none) << control_->reason();
    }
}

TEST_F(SetpointControlTest, OneThatRefusesIsLeftAloneAfterThreeTries) {
    inverter_.manner = Manner::refuses;
    run(seconds{20});
    EXPECT_EQ(control_->trouble(), ControlTrouble::not_written);
    EXPECT_EQ(control_->reason(), "exception 0x02");
    EXPECT_EQ(written(Kind::prepare).size(), 3U);
    // Handing it back is tried for as long as it takes.
    EXPECT_TRUE(control_->engaged());
    EXPECT_EQ(control_->state(), ControlState::releasing);
    inverter_.manner = Manner::obeys;
    run(seconds{20});
    EXPECT_FALSE(control_->engaged());
}

TEST_F(SetpointControlTest, OneWhosePowerIsNotKnownIsHandedBack) {
    run(seconds{60});
    ControlInput blind{.wanted_kw = 10, .mains = Mains::present};
    for (int i = 0; i < 30; ++i) {
        now_ += seconds{1};
        if (control_->step(blind, now_)) control_->wrote(true, "", now_);
    }
    EXPECT_EQ(control_->trouble(), ControlTrouble::unseen);
    EXPECT_FALSE(control_->engaged());
}

TEST_F(SetpointControlTest, AShortDeadManLeavesRoomForSetpoints) {
    limits_.dead_man = seconds{2};
    run(seconds{60});
    EXPECT_NEAR(inverter_.setpoint_kw, 10, 1e-9);
    const auto kept = written(Kind::keep_alive).size();
    EXPECT_GE(kept, 55U);
    EXPECT_LE(kept, 60U) << "once a tick";
}

TEST_F(SetpointControlTest, InAnOutageNothingButOneReleaseIsWritten) {
    limits_.dead_man = seconds{30};
    run(seconds{60});
    const auto before = written_.size();
    mains_ = Mains::failed;
    inverter_.manner = Manner::refuses;  // even where that fails
    run(seconds{600});
    ASSERT_EQ(written_.size(), before + 1);
    EXPECT_EQ(written_.back().write.kind, Kind::release);
    EXPECT_EQ(control_->state(), ControlState::mains_failed);
    mains_ = Mains::present;
    inverter_.manner = Manner::obeys;
    run(limits_.return_delay - seconds{1});
    EXPECT_EQ(written(Kind::release).size(), 2U);  // made up for
    EXPECT_EQ(written_.size(), before + 2);
    run(seconds{60});
    EXPECT_EQ(control_->state(), ControlState::controlling);
}

TEST_F(SetpointControlTest, MainsThatNobodyKnowsOfCountAsFailedAfterAWhile) {
    run(seconds{60});
    const auto before = written_.size();
    mains_ = Mains::unknown;
    wanted_kw_ = -5;
    run(SetpointControl::patience - seconds{1});
    EXPECT_EQ(written_.size(), before);  // what is in force stays
    run(seconds{10});
    ASSERT_EQ(written_.size(), before + 1);
    EXPECT_EQ(written_.back().write.kind, Kind::release);
}

TEST_F(SetpointControlTest, WithoutAPlanItIsHandedBack) {
    run(seconds{60});
    wanted_kw_.reset();
    run(seconds{20});
    EXPECT_EQ(control_->setpoint_kw(), 10);
    run(seconds{20});
    EXPECT_FALSE(control_->engaged());
    EXPECT_EQ(control_->state(), ControlState::released);
}

TEST_F(SetpointControlTest, WhatAnEarlierRunLeftIsTakenBack) {
    wanted_kw_.reset();
    run(seconds{60});
    ASSERT_EQ(written_.size(), 1U);
    EXPECT_EQ(written_[0].write.kind, Kind::release);
}

TEST_F(SetpointControlTest, EndHandsBackAndTakesNothingOn) {
    run(seconds{60});
    control_->end();
    const auto before = written_.size();
    run(seconds{600});
    EXPECT_EQ(written_.size(), before + 1);
    EXPECT_FALSE(control_->engaged());
}

// Whoever ends has a second or two: no pause after a write that failed may take them.
TEST_F(SetpointControlTest, EndHandsBackAtOnceAfterAWriteThatFailed) {
    run(seconds{60});
    inverter_.manner = Manner::refuses;
    wanted_kw_ = -10;
    run(seconds{1});
    EXPECT_EQ(written_.back().write.kind, Kind::setpoint);
    control_->end();
    const auto write = control_->step({.wanted_kw = 10, .mains = Mains::present}, now_);
    ASSERT_TRUE(write);
    EXPECT_EQ(write->kind, Kind::release);
}

TEST_F(SetpointControlTest, AWriteThatFailsAfterTheEndIsFollowedByTheRelease) {
    run(seconds{60});
    const ControlInput input{.wanted_kw = -10, .measured_kw = 10, .mains = Mains::present};
    const auto setpoint = control_->step(input, now_);
    ASSERT_TRUE(setpoint);
    ASSERT_EQ(setpoint->kind, Kind::setpoint);
    control_->end();
    EXPECT_FALSE(control_->step(input, now_)) << "one write at a time";
    control_->wrote(false, "no answer", now_);
    const auto write = control_->step(input, now_);
    ASSERT_TRUE(write);
    EXPECT_EQ(write->kind, Kind::release);
}

TEST_F(SetpointControlTest, ACapMayBeUndercutAndNeverExceeded) {
    limits_ = {.lowest_kw = 0, .highest_kw = 50, .is_cap = true, .ramp_kw_per_s = 10};
    inverter_.manner = Manner::ignores;
    inverter_.power_kw = 3;
    wanted_kw_ = 40;
    run(seconds{120});
    EXPECT_EQ(control_->trouble(), ControlTrouble::none);
    EXPECT_EQ(control_->setpoint_kw(), 40);
    inverter_.power_kw = 46;
    run(seconds{15});
    EXPECT_EQ(control_->trouble(), ControlTrouble::none);
    run(seconds{10});
    EXPECT_EQ(control_->trouble(), ControlTrouble::ignores);
    EXPECT_FALSE(control_->engaged());  // what is written then is the cap that is safe
}

// Random plans, outages, failing writes and silent meters: what must never happen.
TEST_F(SetpointControlTest, LawsHoldWhateverHappens) {
    for (unsigned seed = 1; seed <= 60; ++seed) {
        std::mt19937 random(seed);
        const auto chance = [&](double p) { return std::uniform_real_distribution<>(0, 1)(random) < p; };
        const auto between = [&](double a, double b) {
            return std::uniform_real_distribution<>(a, b)(random);
        };
        auto limits = usual();
        limits.ramp_kw_per_s = between(0.1, 10);
        limits.deadband_kw = between(0, 2);
        limits.preparations = seed % 3;
        limits.retry_after = seconds{120};
        limits.return_delay = seconds{60};
        if (seed % 2 == 0) limits.dead_man = seconds{30};
        SetpointControl control(limits);
        Inverter inverter;
        ControlInput input{.wanted_kw = 0.0, .mains = Mains::present};
        double failing = 0;
        int in_outage = 0;
        std::size_t prepared = 0;
        std::optional<Written> last;
        std::optional<Duration> alive;
        std::optional<Duration> back_at;
        int direction = 0;
        Duration turned{};
        for (Duration now = seconds{1000}; now < seconds{5000}; now += seconds{1}) {
            if (chance(0.02)) input.wanted_kw = between(-30, 30);
            if (chance(0.003)) input.wanted_kw.reset();
            if (chance(0.01)) failing = chance(0.5) ? 0 : between(0, 1);
            if (chance(0.01)) inverter.manner = static_cast<Manner>(random() % 5);
            const auto mains = input.mains;
            if (chance(0.01)) input.mains = static_cast<Mains>(random() % 3);
            if (chance(0.3)) input.mains = Mains::present;
            if (input.mains == Mains::failed && mains != Mains::failed) in_outage = 0;
            if (mains == Mains::failed && input.mains == Mains::present) back_at = now;
            inverter.pass(seconds{1});
            input.measured_kw = inverter.shown_kw();
            if (chance(0.02)) input.measured_kw.reset();
            const auto write = control.step(input, now);
            if (!write) {
                if (alive && limits.dead_man && failing == 0 &&
                    control.state() == ControlState::controlling) {
                    ASSERT_LE(now - *alive, *limits.dead_man / 3 + seconds{6}) << seed;
                }
                continue;
            }
            ASSERT_FALSE(control.step(input, now)) << "one write at a time";
            const bool done = !chance(failing) && inverter.take(*write);
            if (input.mains == Mains::failed) {
                ASSERT_EQ(write->kind, Kind::release) << seed;
                ASSERT_LE(++in_outage, 1) << seed;
            }
            if (write->kind == Kind::release && done) {
                prepared = 0;
                last.reset();
                alive.reset();
                direction = 0;
            }
            if (write->kind == Kind::keep_alive && done) alive = now;
            if (write->kind == Kind::prepare) {
                ASSERT_EQ(write->index, prepared) << seed;
                if (done) ++prepared;
            }
            if (write->kind == Kind::setpoint) {
                ASSERT_EQ(input.mains, Mains::present) << seed;
                if (back_at) {
                    ASSERT_GE(now - *back_at, limits.return_delay) << seed;
                }
                ASSERT_EQ(prepared, limits.preparations) << seed;
                if (limits.dead_man) {
                    ASSERT_TRUE(alive) << seed;
                }
                const double kw = write->setpoint_kw;
                ASSERT_GE(kw, -20) << seed;
                ASSERT_LE(kw, 20) << seed;
                if (last) {
                    ASSERT_LE(std::abs(kw - last->write.setpoint_kw), limits.ramp_kw_per_s * 5 + 1e-9)
                        << seed;
                    ASSERT_GE(now - last->at, limits.write_interval) << seed;
                }
                if (done) last = Written{now, *write};
                const int sign = kw > 0 ? 1 : kw < 0 ? -1 : 0;
                if (done && sign != 0 && sign != direction) {
                    if (direction != 0) {
                        ASSERT_GE(now - turned, limits.dwell) << seed;
                    }
                    direction = sign;
                    turned = now;
                }
            }
            control.wrote(done, "no answer", now);
        }
        control.end();
        failing = 0;
        input.mains = Mains::present;
        for (Duration now = seconds{5000}; now < seconds{5100}; now += seconds{1}) {
            if (const auto write = control.step(input, now)) {
                ASSERT_EQ(write->kind, Kind::release) << seed;
                control.wrote(true, "", now);
            }
        }
        ASSERT_FALSE(control.engaged()) << seed;
    }
}

}  // namespace
}  // namespace sitepower::dispatch::setpoint_control_test
