#include "drivers/modbus/mailbox_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/modbus_plans.hpp"

namespace sitepower::modbus::mailbox_reader_test {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint16_t request_at = 10;
constexpr std::uint16_t shown_at = 20;   // the index that the window is of
constexpr std::uint16_t window_at = 21;  // four words: 100 * index + 0 to 3, and so on for further windows

// A device with a mailbox, in virtual time; every step that it is asked to take is one request.
class Device final : public Asker {
  public:
    Reply ask(ReadPlan& plan) override {
        ++requests;
        if (before_read) before_read();
        if (asked) asked(plan.question);
        if (reader_to_forget != nullptr) {
            reader_to_forget->forget();
            reader_to_forget = nullptr;
        }
        if (asked_for && now >= ready_at && obeys) {
            shown = *asked_for;
            window = 0;
            asked_for.reset();
        }
        words_.clear();
        for (int i = 0; i < plan.question.count; ++i) words_.push_back(word(plan.question.address + i));
        const bool reads_window = plan.question.address == window_at;
        if (reads_window) ++window;
        return {.answer = read_answer, .words = words_, .more_came = !reads_window && leaves_one_over};
    }
    Reply write(const WriteRequest& request, Duration /*settle*/) override {
        ++requests;
        const auto index = request.words.front();
        written.push_back(index);
        const auto found = write_answers.find(index);
        const auto answer = found != write_answers.end() ? found->second : Answer{.kind = AnswerKind::data};
        if (answer.kind != AnswerKind::exception) {
            asked_for = index;
            ready_at = now + delay;
        }
        return {.answer = answer};
    }
    void stamp(Frame& frame) override { frame.time = from_ms(77); }

    SteadyTime now{};
    SteadySpan delay = 300ms;
    bool obeys = true;
    bool leaves_one_over = false;  // an answer of the windows came twice
    int shown = 0;
    int window = 0;
    Answer read_answer{.kind = AnswerKind::data};
    std::map<std::uint16_t, Answer> write_answers;
    std::function<void()> before_read;
    std::function<void(const Question&)> asked;
    MailboxReader* reader_to_forget = nullptr;  // the connection is made anew at the next read
    std::vector<std::uint16_t> written;
    int requests = 0;
    std::optional<std::uint16_t> asked_for;
    SteadyTime ready_at{};

  private:
    std::uint16_t word(int address) const {
        if (address == shown_at) return static_cast<std::uint16_t>(shown);
        return static_cast<std::uint16_t>(100 * shown + 4 * window + address - window_at);
    }
    std::vector<std::uint16_t> words_;
};

UnitPlan unit_with(int windows, const std::vector<std::uint16_t>& indices = {1, 2, 3}) {
    UnitPlan unit{.device = DeviceIndex{1}, .device_id = "BMS-01", .limits = {}, .timing = {}, .groups = {}};
    for (const auto index : indices) {
        auto group =
            support::word_group(DeviceIndex{1}, "cells." + std::to_string(index), 60s, 0, 4 * windows);
        group.mailbox = Mailbox{.name = "cells",
                                .index = index,
                                .request_address = request_at,
                                .request = {index},
                                .signs = {{.address = shown_at, .word = index, .shows_index = true}},
                                .window_address = window_at,
                                .window_length = 4,
                                .windows = windows,
                                .settle = 100ms,
                                .ready_within = 1s};
        unit.groups.push_back(std::move(group));
    }
    return unit;
}

class MailboxReaderTest : public testing::Test {
  protected:
    void use(int windows, const std::vector<std::uint16_t>& indices = {1, 2, 3}) {
        unit = unit_with(windows, indices);
        reader.emplace(unit, unit.groups);
        device.reader_to_forget = nullptr;
    }
    // One whole poll: calls it when it wants to be, as a bus does. Gives the last attempt.
    Attempt poll() {
        frames.clear();
        problems.clear();
        for (int calls = 0; calls < 1000; ++calls) {
            const int before = device.requests;
            auto attempt = reader->read(device, device.now);
            EXPECT_LE(device.requests, before + 1) << "others wait for the line";
            if (attempt.frame != nullptr) frames[attempt.frame->layout->group] = *attempt.frame;
            if (!attempt.problem.empty()) problems.push_back(attempt.problem);
            if (!attempt.postponed_to) return attempt;
            device.now = std::max(device.now + 1ms, *attempt.postponed_to);
        }
        ADD_FAILURE() << "the poll does not end";
        return {};
    }
    const Frame& frame(int index) { return frames["cells." + std::to_string(index)]; }
    void expect_words_of(int index, int count = 4) {
        EXPECT_THAT(frame(index).quality, Each(Quality::good)) << index;
        ASSERT_EQ(frame(index).values.size(), static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ(frame(index).values[static_cast<std::size_t>(i)], 100 * index + i);
        }
    }
    void expect_unknown(int index) {
        EXPECT_FALSE(frame(index).quality.empty()) << index;
        EXPECT_THAT(frame(index).quality, Each(Quality::comm_error)) << index;
        EXPECT_THAT(frame(index).values, Each(0)) << index;
    }

    Device device;
    UnitPlan unit = unit_with(1);
    std::optional<MailboxReader> reader = std::optional<MailboxReader>(std::in_place, unit, unit.groups);
    std::map<std::string, Frame> frames;
    std::vector<std::string> problems;
};

TEST_F(MailboxReaderTest, TakesTheWordsOfOneIndexAfterTheOther) {
    const auto attempt = poll();
    EXPECT_TRUE(attempt.alive);
    EXPECT_TRUE(problems.empty());
    EXPECT_THAT(device.written, ElementsAre(1, 2, 3));
    for (int index = 1; index <= 3; ++index) expect_words_of(index);
    EXPECT_FALSE(reader->under_way());
}

TEST_F(MailboxReaderTest, AWindowThatStillShowsAnotherIndexIsUnknown) {
    device.obeys = false;
    device.shown = 2;
    poll();
    EXPECT_THAT(device.written, ElementsAre(1, 2, 3));
    expect_unknown(1);
    expect_words_of(2);
    expect_unknown(3);
    EXPECT_THAT(problems, ElementsAre("mailbox cells, index 1: register 20 is 2 instead of 1",
                                      "mailbox cells, index 3: register 20 is 2 instead of 3"));
}

TEST_F(MailboxReaderTest, TheNextIndexIsNotAskedForWhileTheDeviceMayBeAtWork) {
    device.delay = 10s;
    std::vector<SteadyTime> asked_at;
    device.before_read = [&] {
        while (asked_at.size() < device.written.size()) asked_at.push_back(device.now);
    };
    poll();
    ASSERT_EQ(asked_at.size(), 3U);
    EXPECT_GE(asked_at[1] - asked_at[0], 2s) << "its time twice over";
    for (int index = 1; index <= 3; ++index) expect_unknown(index);
}

TEST_F(MailboxReaderTest, ARefusedIndexIsToldAndRestsLongerEachTime) {
    device.write_answers[2] = {.kind = AnswerKind::exception, .exception = 0x03};
    poll();
    expect_words_of(1);
    expect_unknown(2);
    expect_words_of(3);
    EXPECT_THAT(problems, ElementsAre("mailbox cells, index 2: holding 10 (function 6): exception 0x03: "
                                      "illegal data value"));
    const auto first = device.now;
    std::vector<double> asked_after_s;
    while (device.now < first + 200s) {
        device.written.clear();
        poll();
        expect_unknown(2);
        if (std::ranges::find(device.written, 2) != device.written.end()) {
            asked_after_s.push_back(std::round(std::chrono::duration<double>(device.now - first).count()));
        }
        device.now += 2s;
    }
    ASSERT_EQ(asked_after_s.size(), 4U);  // after 10, 20, 40 and 80 s
    EXPECT_NEAR(asked_after_s[3] - asked_after_s[2], 80, 5);
    device.write_answers.clear();
    device.now += 10min;
    poll();
    expect_words_of(2);
}

TEST_F(MailboxReaderTest, WhatNobodyAcknowledgedIsTakenWhenTheWindowShowsItAndNotSentAgain) {
    device.write_answers[2] = {.kind = AnswerKind::timeout};
    poll();
    EXPECT_THAT(device.written, ElementsAre(1, 2, 3));
    for (int index = 1; index <= 3; ++index) expect_words_of(index);
}

TEST_F(MailboxReaderTest, NothingIsWrittenToADeviceThatDoesNotAnswer) {
    device.read_answer = {.kind = AnswerKind::timeout};
    const auto attempt = poll();
    EXPECT_FALSE(attempt.alive);
    EXPECT_TRUE(attempt.failed_question);
    EXPECT_TRUE(device.written.empty());
    EXPECT_TRUE(frames.empty());
}

TEST_F(MailboxReaderTest, AUnitThatFallsSilentEndsThePoll) {
    device.before_read = [&] {
        if (!device.written.empty()) device.read_answer = {.kind = AnswerKind::timeout};
    };
    const auto attempt = poll();
    EXPECT_FALSE(attempt.failed_question) << "not worth another try: that would write again";
    EXPECT_THAT(attempt.problem, HasSubstr("no answer in time"));
    EXPECT_THAT(device.written, ElementsAre(1));
    expect_unknown(1);
    EXPECT_EQ(frames.size(), 1U);
}

TEST_F(MailboxReaderTest, ReadsWindowAfterWindow) {
    use(3);
    poll();
    for (int index = 1; index <= 3; ++index) expect_words_of(index, 12);
}

// Until the device has got to the request its window is where the last poll left it.
TEST_F(MailboxReaderTest, AnIndexThatIsShownAlreadyIsReadOnceTheDeviceHasHadItsTime) {
    use(3, {2});
    for (int i = 0; i < 3; ++i) {
        poll();
        expect_words_of(2, 12);
    }
    EXPECT_TRUE(problems.empty());
    // Nobody knows whether the device has taken the request at all.
    device.write_answers[2] = {.kind = AnswerKind::timeout};
    poll();
    expect_unknown(2);
    EXPECT_THAT(problems, ElementsAre(HasSubstr("it was shown before already")));
}

TEST_F(MailboxReaderTest, WhenTheIndexChangesBetweenTheWindowsNothingIsTaken) {
    use(3);
    device.before_read = [&] {
        if (device.shown == 2 && device.window == 2) device.shown = 3;  // somebody else asked for it
    };
    poll();
    expect_words_of(1, 12);
    expect_unknown(2);
    expect_words_of(3, 12);
    EXPECT_THAT(problems,
                ElementsAre("mailbox cells, index 2: register 20 became 3 while the window was read"));
}

// The next window then shows what the one before it held, and only what is left over at the end tells.
TEST_F(MailboxReaderTest, WhenAnAnswerOfTheWindowsCameTwiceNothingIsTaken) {
    for (const bool shows_index : {true, false}) {
        use(3, {2});
        unit.groups[0].mailbox->signs[0].shows_index = shows_index;
        reader.emplace(unit, unit.groups);
        device.leaves_one_over = true;
        poll();
        expect_unknown(2);
        EXPECT_THAT(problems, ElementsAre("mailbox cells, index 2: more answers came than were asked for"));
        device.leaves_one_over = false;
        device.now += 1h;
        poll();
        expect_words_of(2, 12);
    }
}

TEST_F(MailboxReaderTest, ALookIsToldFromAWindowByItsLength) {
    for (const int windows : {1, 3}) {
        use(windows, {2});
        unit.groups[0].mailbox->window_length = 1;
        unit.groups[0].points.resize(static_cast<std::size_t>(windows));
        unit.groups[0].mailbox->window_address = 100;
        std::vector<int> looked;
        device.before_read = {};
        reader.emplace(unit, unit.groups);
        device.asked = [&](const Question& question) {
            if (question.address == shown_at) looked.push_back(question.count);
        };
        poll();
        EXPECT_THAT(looked, Each(windows == 1 ? 1 : 2));
        EXPECT_FALSE(looked.empty());
    }
}

TEST_F(MailboxReaderTest, OverANewConnectionItIsAskedForOnceMore) {
    int reads = 0;
    device.before_read = [&] {
        if (!device.written.empty() && ++reads == 1) device.reader_to_forget = &*reader;
    };
    poll();
    EXPECT_THAT(device.written, ElementsAre(1, 1, 2, 3));
    for (int index = 1; index <= 3; ++index) expect_words_of(index);
}

TEST_F(MailboxReaderTest, ADeviceThatDropsTheConnectionAtEachRequestIsNotAskedForEver) {
    device.before_read = [&] {
        if (device.asked_for) device.reader_to_forget = &*reader;
    };
    EXPECT_THAT(poll().problem, HasSubstr("the connection was made anew meanwhile"));
    EXPECT_THAT(device.written, ElementsAre(1, 1));
    expect_unknown(1);
}

// What becomes of a request that waits is as random as a line can be: whatever arrives is right.
TEST_F(MailboxReaderTest, WhateverHappensNoWordOfAnotherIndexIsTaken) {
    std::minstd_rand random(7);
    const auto chance = [&](int in) { return random() % static_cast<unsigned>(in) == 0; };
    for (const int windows : {1, 3}) {
        use(windows);
        int good = 0;
        for (int round = 0; round < 400; ++round) {
            device.before_read = [&] {
                device.read_answer = {.kind = chance(12) ? AnswerKind::timeout : AnswerKind::data};
                if (chance(15)) device.reader_to_forget = &*reader;
                if (chance(20)) {
                    device.shown = 1 + static_cast<int>(random() % 3);
                    device.window = 0;
                }
            };
            device.delay = std::chrono::milliseconds(random() % 1500);
            device.obeys = !chance(5);
            device.write_answers[2] = {.kind = chance(3) ? AnswerKind::timeout : AnswerKind::data};
            poll();
            for (const auto& [group, frame] : frames) {
                for (std::size_t i = 0; i < frame.values.size(); ++i) {
                    if (frame.quality[i] != Quality::good) continue;
                    ++good;
                    const int index = frame.layout->group.back() - '0';
                    EXPECT_EQ(static_cast<int>(frame.values[i]) / 100, index);
                }
            }
            device.now += 15min;
        }
        EXPECT_GT(good, 400);
    }
}

}  // namespace
}  // namespace sitepower::modbus::mailbox_reader_test
