#include "drivers/modbus/link.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "drivers/modbus/socket.hpp"
#include "tests/support/fake_slave.hpp"

namespace {

std::atomic<int> line_settings{0};  // how often somebody in this program has set a line

}  // namespace

extern "C" int tcsetattr(int fd, int when, const termios* line) {
    using Real = int (*)(int, int, const termios*);
    static const auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "tcsetattr"));
    ++line_settings;
    return real(fd, when, line);
}

namespace sitepower::modbus::link_test {
namespace {

using namespace std::chrono_literals;
using support::Behaviour;
using support::FakeSlave;
using support::Wire;
using Kind = Behaviour::Kind;

constexpr SteadySpan timeout = 100ms;
// Where an answer is expected the test must not fail because the machine is busy.
constexpr SteadySpan patience = 5s;
constexpr Question question{.unit = 7, .table = Table::holding, .address = 40, .count = 4};

class LinkTest : public testing::TestWithParam<Wire> {
  protected:
    LinkTest() {
        settings_.endpoint = slave_.endpoint();
        link_ = make_link(settings_, stop_);
        EXPECT_TRUE(link_->open(patience));
    }
    Answer ask(const Question& asked, SteadySpan wait) { return link_->read(asked, wait, words_); }
    Answer ask_with(Behaviour behaviour, SteadySpan wait = timeout) {
        slave_.set_manners([=](const auto&) { return behaviour; });
        if (!link_->is_open()) {
            EXPECT_TRUE(link_->open(patience));
        }
        return ask(question, wait);
    }
    bool is_tcp() const { return GetParam() == Wire::tcp; }

    FakeSlave slave_{GetParam()};
    BusSettings settings_;
    StopSignal stop_;
    std::unique_ptr<Link> link_;
    std::array<std::uint16_t, 2000> words_{};
};

INSTANTIATE_TEST_SUITE_P(Wires, LinkTest, testing::Values(Wire::tcp, Wire::rtu_over_tcp, Wire::serial));

TEST_P(LinkTest, ReadsAllFourTables) {
    for (const auto table : {Table::holding, Table::input}) {
        ASSERT_TRUE(ask({.unit = 7, .table = table, .address = 40, .count = 125}, patience).good());
        EXPECT_EQ(words_[0], 40);
        EXPECT_EQ(words_[1], 7);
        EXPECT_EQ(words_[124], 164);
    }
    for (const auto table : {Table::coil, Table::discrete}) {
        ASSERT_TRUE(ask({.unit = 7, .table = table, .address = 40, .count = 1999}, patience).good());
        for (std::size_t i = 0; i < 1999; ++i) ASSERT_EQ(words_[i], (7 + 40 + i) % 2);
    }
}

TEST_P(LinkTest, GivesTheExceptionsCode) {
    constexpr std::array<std::uint8_t, 5> codes{0x01, 0x02, 0x06, 0x0A, 0x0B};
    for (const auto code : codes) {
        const auto answer = ask_with({.kind = Kind::exception, .delay = 0ms, .exception = code}, patience);
        EXPECT_EQ(answer.kind, AnswerKind::exception);
        EXPECT_EQ(answer.exception, code);
        EXPECT_TRUE(link_->is_open());
    }
}

TEST_P(LinkTest, ASplitAnswerIsWhole) {
    EXPECT_TRUE(ask_with({.kind = Kind::split, .delay = 10ms}, patience).good());
    EXPECT_EQ(words_[0], 40);
}

TEST_P(LinkTest, ASilentUnitTakesItsTimeOut) {
    const auto start = steady_now();
    EXPECT_EQ(ask_with({.kind = Kind::silent}).kind, AnswerKind::timeout);
    EXPECT_GE(steady_now() - start, timeout);
    EXPECT_LT(steady_now() - start, patience);
}

TEST_P(LinkTest, ADeviceThatTricklesCannotHoldTheThread) {
    const auto start = steady_now();
    EXPECT_FALSE(ask_with({.kind = Kind::split, .delay = 5s}).good());
    EXPECT_LT(steady_now() - start, 4s) << "the time-out bounds the whole answer";
}

TEST_P(LinkTest, NeverTakesAWrongFrame) {
    for (const auto kind : {Kind::truncated, Kind::wrong_function, Kind::wrong_count, Kind::bad_checksum,
                            Kind::noise, Kind::silent}) {
        EXPECT_FALSE(ask_with({.kind = kind}).good()) << static_cast<int>(kind);
    }
    if (!is_tcp()) {
        EXPECT_FALSE(ask_with({.kind = Kind::wrong_unit}).good());
    }
    EXPECT_TRUE(ask_with({.kind = Kind::answer}, patience).good());
}

constexpr Question identity{.unit = 7, .count = identity_words, .identity = IdentityObject{0x87, 0x88}};

TEST_P(LinkTest, ReadsAnIdentification) {
    ASSERT_TRUE(ask(identity, patience).good());
    std::string text;
    for (std::size_t i = 0; i < 10; ++i) {
        text += static_cast<char>(words_[i] >> 8);
        text += static_cast<char>(words_[i] & 0xFFU);
    }
    const auto expected = support::identity_text(7, 0x88);  // "unit 7, object 136"
    EXPECT_EQ(text.substr(0, expected.size()), expected);
    EXPECT_EQ(text[expected.size()], '\0');
    // The answer holds three objects.
    auto beyond = identity;
    beyond.identity->object = 0x8A;
    const auto answer = ask(beyond, patience);
    EXPECT_EQ(answer.kind, AnswerKind::exception);
    EXPECT_TRUE(answer.is_refusal());
    EXPECT_TRUE(ask(question, patience).good()) << "registers as before";
    EXPECT_EQ(words_[0], 40);
}

TEST_P(LinkTest, NeverTakesAWrongIdentification) {
    for (const auto kind : {Kind::truncated, Kind::wrong_function, Kind::wrong_count, Kind::wrong_unit,
                            Kind::bad_checksum, Kind::noise, Kind::silent}) {
        slave_.set_manners([=](const auto&) { return Behaviour{.kind = kind}; });
        if (!link_->is_open()) {
            EXPECT_TRUE(link_->open(patience));
        }
        EXPECT_FALSE(ask(identity, timeout).good()) << static_cast<int>(kind);
    }
    slave_.set_manners([](const auto&) { return Behaviour{.kind = Kind::split, .delay = 10ms}; });
    if (!link_->is_open()) {
        EXPECT_TRUE(link_->open(patience));
    }
    EXPECT_TRUE(ask(identity, patience).good());
    slave_.set_manners([](const auto&) { return Behaviour{.kind = Kind::exception, .exception = 0x01}; });
    const auto answer = ask(identity, patience);
    EXPECT_EQ(answer.kind, AnswerKind::exception);
    EXPECT_EQ(answer.exception, 0x01);
    EXPECT_TRUE(link_->is_open());
}

// It comes while registers are read: it is told, and is none of them.
TEST_P(LinkTest, ALateIdentificationIsNoRegister) {
    slave_.set_manners([](const support::SeenRequest& request) {
        return request.question.identity ? Behaviour{.kind = Kind::late, .delay = 150ms}
                                         : Behaviour{.kind = Kind::answer, .delay = 250ms};
    });
    EXPECT_EQ(ask(identity, timeout).kind, AnswerKind::timeout);
    if (is_tcp()) {
        EXPECT_FALSE(link_->is_open());
        return;
    }
    ASSERT_TRUE(ask(question, patience).good());
    EXPECT_EQ(words_[0], 40);
    ASSERT_FALSE(link_->strays().empty());
    EXPECT_EQ(link_->strays()[0].function, identification_function);
    EXPECT_EQ(link_->strays()[0].byte_count, 0x87);
}

TEST_P(LinkTest, UnitsAbove247AreAskedOrClearlyRefused) {
    const Question high{.unit = 254, .table = Table::holding, .address = 0, .count = 2};
    const auto answer = ask(high, patience);
    if (is_tcp()) {
        EXPECT_EQ(answer.kind, AnswerKind::refused);
        EXPECT_EQ(describe(answer), "cannot be asked: units 248 to 254 cannot be asked over Modbus TCP");
        EXPECT_TRUE(link_->is_open());
    } else {
        EXPECT_TRUE(answer.good());
        EXPECT_EQ(words_[1], 254);
    }
}

TEST_P(LinkTest, AnAnswerFromBeforeIsThrownAway) {
    if (is_tcp()) return;
    ask_with({.kind = Kind::duplicate}, patience);
    Answer second;
    // The copy has arrived when it shows as stray; it may also be taken, which is why the quarantine exists.
    const auto until = steady_now() + patience;
    while (link_->strays().empty() && steady_now() < until)
        second = ask_with({.kind = Kind::duplicate}, patience);
    ASSERT_FALSE(link_->strays().empty());
    const auto stray = link_->strays().front();
    EXPECT_EQ(stray.unit, 7);
    EXPECT_EQ(stray.function, 3);
    EXPECT_EQ(stray.byte_count, 8);
}

// Each copy would cost the connection and the read that it meets.
TEST_P(LinkTest, CopiesOfAnswersCostNoReadOnceTheyAreKnown) {
    if (!is_tcp()) return;
    const auto until = steady_now() + patience;
    int good_in_a_row = 0;
    while (good_in_a_row < 3 && steady_now() < until) {
        const bool good = ask_with({.kind = Kind::duplicate}, patience).good();
        EXPECT_EQ(good ? words_[0] : 40, 40);
        good_in_a_row = good ? good_in_a_row + 1 : 0;  // a copy may have been on its way still
    }
    EXPECT_EQ(good_in_a_row, 3) << "every second read fails otherwise";
}

TEST_P(LinkTest, WhatIsNoWholeAnswerCostsTheConnection) {
    if (!is_tcp()) return;
    ask_with({.kind = Kind::bad_checksum});
    for (int i = 0; i < 20; ++i) {
        const auto noise = ask_with({.kind = Kind::noise});
        EXPECT_FALSE(noise.good());
    }
    EXPECT_TRUE(ask_with({}, patience).good());
}

TEST_P(LinkTest, TellsWhoseFrameCameInsteadOfTheAnswer) {
    if (is_tcp()) return;
    EXPECT_EQ(ask_with({.kind = Kind::wrong_unit}).kind, AnswerKind::timeout);
    ASSERT_EQ(link_->strays().size(), 1U);
    EXPECT_EQ(link_->strays()[0].unit, 8);
    ask_with({.kind = Kind::wrong_count});
    ASSERT_EQ(link_->strays().size(), 1U);
    EXPECT_EQ(link_->strays()[0].byte_count, 6);
}

TEST_P(LinkTest, NoticesThatTheOtherSideIsGone) {
    if (GetParam() == Wire::serial) return;
    EXPECT_EQ(ask_with({.kind = Kind::close}, patience).kind, AnswerKind::lost);
    EXPECT_FALSE(link_->is_open());
    EXPECT_EQ(ask(question, patience).kind, AnswerKind::lost);
    ASSERT_TRUE(link_->open(patience));
    slave_.go_away();
    EXPECT_EQ(ask(question, patience).kind, AnswerKind::lost);
    const auto opened = link_->open(patience);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("127.0.0.1:"), std::string::npos);
    EXPECT_NE(opened.error().message.find("Connection refused"), std::string::npos);
}

TEST_P(LinkTest, ReadsNothingWhileClosed) {
    link_->close();
    EXPECT_EQ(ask(question, patience).kind, AnswerKind::lost);
}

TEST(SerialLink, SaysWhichPortCannotBeOpened) {
    BusSettings settings;
    settings.endpoint = SerialEndpoint{.path = "/dev/does-not-exist"};
    const StopSignal stop;
    const auto link = make_link(settings, stop);
    const auto opened = link->open(1s);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().message,
              "cannot open serial port /dev/does-not-exist: No such file or directory");
    EXPECT_FALSE(link->is_open());
}

BusSettings line_with_parity(const FakeSlave& slave) {
    auto line = std::get<SerialEndpoint>(slave.endpoint());
    line.parity = Parity::even;
    line.baud = 19200;
    BusSettings settings;
    settings.endpoint = line;
    return settings;
}

TEST(SerialLink, OpensALineThatAKilledProcessHasLeftSetUp) {
    const FakeSlave slave(Wire::serial);
    const auto settings = line_with_parity(slave);
    const StopSignal stop;
    const auto link = make_link(settings, stop);
    ASSERT_TRUE(link->open(patience));
    const auto& path = std::get<SerialEndpoint>(settings.endpoint).path;
    const Descriptor by_hand(open(path.c_str(), O_RDWR | O_NOCTTY));
    termios left{};
    ASSERT_EQ(tcgetattr(by_hand.get(), &left), 0);
    link->close();
    tcsetattr(by_hand.get(), TCSANOW, &left);
    const auto opened = link->open(patience);
    ASSERT_TRUE(opened) << opened.error().message;
    std::array<std::uint16_t, 4> words{};
    EXPECT_TRUE(link->read(question, patience, words).good());
}

TEST(SerialLink, RefusesALineThatAnotherHolds) {
    const FakeSlave slave(Wire::serial);
    const auto settings = line_with_parity(slave);
    const StopSignal stop;
    const auto first = make_link(settings, stop);
    const auto second = make_link(settings, stop);
    ASSERT_TRUE(first->open(patience));
    const auto refused = second->open(patience);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("another process or bus uses it"), std::string::npos)
        << refused.error().message;
    EXPECT_FALSE(second->is_open());
    first->close();
    EXPECT_TRUE(second->open(patience));
}

// Whoever has the line may be in the middle of a frame.
TEST(SerialLink, LeavesTheSpeedOfALineThatAnotherHolds) {
    const FakeSlave slave(Wire::serial);
    auto settings = line_with_parity(slave);
    const StopSignal stop;
    const auto first = make_link(settings, stop);
    ASSERT_TRUE(first->open(patience));
    std::get<SerialEndpoint>(settings.endpoint).baud = 9600;
    const auto second = make_link(settings, stop);
    const int before = line_settings;
    EXPECT_FALSE(second->open(patience));
    EXPECT_EQ(line_settings, before);
    std::array<std::uint16_t, 4> words{};
    EXPECT_TRUE(first->read(question, patience, words).good());
    EXPECT_GT(before, 0) << "libmodbus sets the line by another way than tcsetattr";
}

TEST(SerialLink, KeepsTheSilenceBetweenFrames) {
    BusSettings settings;
    const StopSignal stop;
    settings.endpoint = SerialEndpoint{.path = "/dev/null", .baud = 9600};
    const auto gap = make_link(settings, stop)->line_gap();
    EXPECT_GT(gap, 3645us) << "3.5 times 10 bits";
    EXPECT_LT(gap, 3647us);
    settings.endpoint = SerialEndpoint{.path = "/dev/null", .baud = 115'200};
    EXPECT_EQ(make_link(settings, stop)->line_gap(), 1750us);
    settings.endpoint = RtuOverTcpEndpoint{};
    EXPECT_EQ(make_link(settings, stop)->line_gap(), 0us);
}

TEST(TcpLinkLimit, ADescriptorThatSelectCannotTakeIsRefused) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < 1100) GTEST_SKIP() << "may not open that many files";
    const rlimit more{std::max<rlim_t>(limit.rlim_cur, 1100), limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &more);
    FakeSlave slave(Wire::tcp);
    BusSettings settings;
    settings.endpoint = slave.endpoint();
    const StopSignal stop;
    const auto link = make_link(settings, stop);
    std::vector<Descriptor> taken;
    while (taken.empty() || taken.back().get() < 1023)
        taken.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto opened = link->open(patience);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("above 1023, too many links"), std::string::npos);
    taken.clear();
    EXPECT_TRUE(link->open(patience));
    setrlimit(RLIMIT_NOFILE, &limit);
}

TEST(LinkText, NamesWhatWasAskedAndWhatItMeans) {
    EXPECT_EQ(describe(Question{1, Table::input, 40, 20}), "input 40-59 (function 4)");
    EXPECT_EQ(describe(Question{1, Table::holding, 15, 1}), "holding 15 (function 3)");
    EXPECT_EQ(describe(identity), "identification object 0x88 (function 43)");
    EXPECT_EQ(describe(Answer{.kind = AnswerKind::exception, .exception = 0x0B}),
              "exception 0x0B: gateway target device failed to respond");
    EXPECT_EQ(describe(Answer{.kind = AnswerKind::exception, .exception = 0x55}),
              "exception 0x55: unknown exception");
    EXPECT_EQ(describe(Answer{.kind = AnswerKind::timeout}), "no answer in time");
    BusSettings settings;
    settings.endpoint = RtuOverTcpEndpoint{"10.0.0.7", 8080};
    EXPECT_EQ(describe_endpoint(settings), "rtu over tcp 10.0.0.7:8080");
}

TEST(StopSignal, EndsAWaitFromAnotherThread) {
    StopSignal stop;
    std::thread other([&] { stop.request(); });
    EXPECT_TRUE(stop.wait_until(steady_now() + 10s));
    other.join();
    EXPECT_TRUE(stop.wait_until(steady_now()));
}

}  // namespace
}  // namespace sitepower::modbus::link_test
