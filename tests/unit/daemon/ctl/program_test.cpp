// sitepowerctl as a real process against a server over a real Unix socket.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/unit/daemon/http/http_client.hpp"

namespace sitepower::program_test {
namespace {

using testing::HasSubstr;

const std::string program = SITEPOWER_BINARY_DIR "/sitepowerctl";

class Sitepowerctl : public HttpTest {
  protected:
    void SetUp() override {
        if (access(program.c_str(), X_OK) != 0) GTEST_SKIP() << program << " is not built";
        context_.queries_run_at_once = true;
    }

    // Runs it with `arguments` while the server, if there is one, turns; the exit code.
    int run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {program, "--socket", path_});
        const auto file = directory_.path() / ("output" + std::to_string(++runs_));
        support::Process process(std::move(arguments), file);
        EXPECT_TRUE(support::eventually(std::chrono::seconds{30}, [&] {
            if (server_) turn();
            return !process.running();
        }));
        output_ = process.output();
        return process.wait(std::chrono::seconds{1}).value_or(-1);
    }

    void make_all_well() {
        for (auto& state : context_.fake_site.device_states) state.status = DeviceStatus::online;
        for (auto& alert : context_.fake_site.alerts) alert.severity = Severity::warning;
    }

    std::string output_;
    int runs_ = 0;
};

TEST_F(Sitepowerctl, EndsWithZeroWhenAllIsWell) {
    start();
    make_all_well();
    EXPECT_EQ(run({"status"}), 0);
    EXPECT_THAT(output_, HasSubstr("DC-CNX-01: operational"));
}

// A script that keeps what it was told must know when it was not.
TEST_F(Sitepowerctl, EndsWithOneWhenItsOutputCannotBeWritten) {
    start();
    make_all_well();
    support::Process process({"/bin/sh", "-c", program + " --socket " + path_ + " status >/dev/full"},
                             directory_.path() / "error");
    EXPECT_TRUE(support::eventually(std::chrono::seconds{30}, [&] {
        turn();
        return !process.running();
    }));
    EXPECT_EQ(process.wait(std::chrono::seconds{1}).value_or(-1), 1);
    EXPECT_THAT(process.output(), HasSubstr("the output cannot be written"));
}

TEST_F(Sitepowerctl, EndsWithFourWhenTheSystemIsDegraded) {
    start();
    EXPECT_EQ(run({"status"}), 4);
    EXPECT_EQ(run({"status", "--json"}), 4);
}

TEST_F(Sitepowerctl, EndsWithFourWhileACriticalAlertIsOpen) {
    start();
    make_all_well();
    context_.fake_site.alerts[0].severity = Severity::critical;
    EXPECT_EQ(run({"status"}), 4);
    EXPECT_THAT(output_, HasSubstr("DC-CNX-01: degraded (1 critical alert is open)"));
    EXPECT_EQ(run({"call", "health"}), 0);
    EXPECT_THAT(output_, HasSubstr("status: operational")) << "the daemon itself is well";
}

TEST_F(Sitepowerctl, SaysWhichUpsRunsFromItsBatteries) {
    start();
    make_all_well();
    context_.fake_site.ups_states[0].on_battery = false;
    EXPECT_EQ(run({"status"}), 0);
    EXPECT_THAT(output_, testing::Not(HasSubstr("runs from its batteries")));
    context_.fake_site.ups_states[0].on_battery = true;
    EXPECT_EQ(run({"status"}), 4);
    EXPECT_THAT(output_, HasSubstr("degraded (ups-1 runs from the batteries)"));
}

TEST_F(Sitepowerctl, EndsWithThreeWhenNobodyAnswers) {
    EXPECT_EQ(run({"status"}), 3);
    EXPECT_THAT(output_, HasSubstr("is sitepowerd running?"));
}

TEST_F(Sitepowerctl, NamesTheGroupWhenItMayNotConnect) {
    if (getuid() != 0) {
        GTEST_SKIP() << "only root can become another user";
    }
    start();
    chmod(path_.c_str(), 0600);
    chmod(directory_.path().c_str(), 0755);
    const support::Process changed({"/bin/chmod", "777", directory_.path().string()},
                                   directory_.path() / "chmod");
    support::Process process({"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program,
                              "--socket", path_, "status"},
                             directory_.path() / "output");
    EXPECT_EQ(process.wait(std::chrono::seconds{30}), 3);
    EXPECT_THAT(process.output(), HasSubstr("group sitepower"));
}

TEST_F(Sitepowerctl, EndsWithTwoWhenTheCommandLineIsWrong) {
    EXPECT_EQ(run({"statsu"}), 2);
    EXPECT_EQ(run({"--help"}), 0);
    EXPECT_THAT(output_, HasSubstr("Examples:"));
}

TEST_F(Sitepowerctl, EndsWithOneWhenTheDaemonRefuses) {
    start();
    EXPECT_EQ(run({"battery", "NOPE"}), 1);
    EXPECT_THAT(output_,
                HasSubstr("NOT_FOUND: no battery is called NOPE; the operation batteries lists them"));
}

TEST_F(Sitepowerctl, SpeaksOfOptionsWhenTheDaemonFindsAValueWrong) {
    start();
    EXPECT_EQ(run({"history", "ups-1.load_kw", "--since", "2026-11-22", "--until", "2026-11-21"}), 2);
    EXPECT_THAT(output_, HasSubstr("--since: is not before end"));
}

TEST_F(Sitepowerctl, PrintsTheEnvelopeAsItCame) {
    start();
    EXPECT_EQ(run({"batteries", "--json"}), 0);
    const auto envelope = Json::parse(output_);
    EXPECT_EQ(envelope["data"]["total"], 3);
    EXPECT_TRUE(envelope["meta"].contains("request_id"));
    EXPECT_EQ(run({"battery", "NOPE", "--json"}), 1);
    EXPECT_EQ(Json::parse(output_)["error"]["code"], "NOT_FOUND");
}

TEST_F(Sitepowerctl, TakesNoticeOfAnAlert) {
    start();
    EXPECT_EQ(run({"alert", "ack", "A-low", "--note", "on my way & \"quick\" ü"}), 0);
    EXPECT_THAT(output_, HasSubstr("acknowledged"));
    EXPECT_EQ(context_.fake_site.alerts[1].acknowledgment_note, "on my way & \"quick\" ü");
    EXPECT_EQ(run({"alert", "resolve", "A-low"}), 0);
    EXPECT_EQ(run({"alert", "resolve", "A-low"}), 1);
}

TEST_F(Sitepowerctl, PlansMaintenance) {
    start();
    EXPECT_EQ(run({"maintenance", "start", "ups-1", "--minutes", "90", "--why", "fan exchange"}), 0);
    EXPECT_THAT(output_, HasSubstr("alerts of device ups-1 are held back"));
    EXPECT_EQ(run({"maintenance", "list"}), 0);
    EXPECT_THAT(output_, HasSubstr("fan exchange"));
    EXPECT_EQ(run({"maintenance", "end", "MW-1"}), 0);
    EXPECT_EQ(run({"battery", "test", "BAT-DC-CNX-01-UPS-01-STR-01-001"}), 0);
    EXPECT_THAT(output_, HasSubstr("alerts of battery BAT-DC-CNX-01-UPS-01-STR-01-001 are held back"));
}

TEST_F(Sitepowerctl, WaitsForTheVerdictOfAReload) {
    start();
    EXPECT_EQ(run({"reload"}), 0);
    EXPECT_THAT(output_, HasSubstr("accepted and in force\n  device meter-2 added"));
    context_.verdict = {};
    context_.verdict.problems = {{"/etc/sitepower/sitepower.toml", 7, 1, "bus.baud", "is not a baud rate"}};
    EXPECT_EQ(run({"reload"}), 1);
    EXPECT_THAT(output_, HasSubstr("/etc/sitepower/sitepower.toml:7: bus.baud: is not a baud rate"));
}

TEST_F(Sitepowerctl, ChecksFilesWithoutADaemon) {
    const std::string broken = SITEPOWER_SOURCE_DIR "/tests/golden/broken/duplicate_ids.toml";
    const std::string profiles = SITEPOWER_SOURCE_DIR "/config/devices";
    EXPECT_EQ(run({"check", "--config", broken, "--profiles", profiles}), 1);
    EXPECT_THAT(output_, HasSubstr("duplicate_ids.toml:"));
    EXPECT_EQ(run({"check", "--config", broken, "--profiles", profiles, "--json"}), 1);
    const auto data = Json::parse(output_)["data"];
    EXPECT_EQ(data["accepted"], false);
    EXPECT_GT(data["problems"][0]["line"], 0);
    const std::string installed = SITEPOWER_SOURCE_DIR "/config/sitepower.toml";
    EXPECT_EQ(run({"check", "--config", installed, "--profiles", profiles}), 0) << output_;
    EXPECT_EQ(run({"check", "--config", "/nonexistent.toml"}), 1);
    EXPECT_THAT(output_, HasSubstr("/nonexistent.toml"));
}

TEST_F(Sitepowerctl, ShowsEveryReadingCommand) {
    start();
    make_all_well();
    const std::vector<std::vector<std::string>> commands{
        {"devices"},
        {"batteries"},
        {"battery", "BAT-DC-CNX-01-UPS-01-STR-01-001"},
        {"alerts", "--all"},
        {"alert", "show", "A-low"},
        {"history", "ups-1.load_kw", "--since", "2026-11-22T00:00:00Z"},
        {"history", "--battery", "BAT-DC-CNX-01-UPS-01-STR-01-001"},
        {"locations"},
        {"inventory"},
        {"call", "points", "device_id=monitor-1"},
        {"call", "health"}};
    for (const auto& command : commands) {
        EXPECT_EQ(run(command), 0) << command[0] << ": " << output_;
        EXPECT_FALSE(output_.empty()) << command[0];
    }
}

TEST_F(Sitepowerctl, RefusesWhatIsNotTheDaemon) {
    start();
    server_.reset();
    EXPECT_EQ(run({"status"}), 3);  // the socket is there, and nobody listens
}

}  // namespace
}  // namespace sitepower::program_test
