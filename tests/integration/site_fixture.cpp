#include "tests/integration/site_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace sitepower::integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view root = "sitepower/v1/DC-CNX-01/";

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    if (text.find(from) == std::string::npos) throw std::runtime_error("the demo site has no " + from);
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

}  // namespace

std::string program(const std::string& name) {
    return std::string(SITEPOWER_BINARY_DIR) + "/" + name;
}

std::vector<std::string> lines_with_a_bare_errno(const std::string& log) {
    // "host:port", a path, a bus, a unit: something that an operator can go to.
    static const std::regex place(R"((\S:\d+)|(/[\w.-]+)|(\bbus \S+)|(\bunit \d+))");
    static const std::regex bare_number(R"(\b(errno|error|code) -?\d+)", std::regex::icase);
    std::vector<std::string> found;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        const auto text =
            line.substr(std::min(line.size(), line.find(' ')));  // behind the time, which has colons
        bool names_errno = std::regex_search(text, bare_number);
        for (int error = 1; error <= EHWPOISON && !names_errno; ++error) {
            names_errno = text.find(std::generic_category().message(error)) != std::string::npos;
        }
        if (names_errno && !std::regex_search(text, place)) found.push_back(line);
    }
    return found;
}

SiteFixture::SiteFixture(support::BrokerOptions options) : broker(std::move(options)) {
    broker.start();
    std::filesystem::create_directory(path("sim"));
    broker_table = fmt::format(
        "[broker]\naddresses = [\"127.0.0.1:{}\"]\nreconnect_min_ms = 100\n"
        "reconnect_max_ms = 1000\n",
        broker.port());
}

SiteFixture::~SiteFixture() {
    if (daemon) {
        for (const auto& line : lines_with_a_bare_errno(daemon_log()))
            ADD_FAILURE() << "without a place: " << line;
    }
    if (::testing::Test::HasFailure() && daemon) {
        // What the daemon said is the first thing to read after a failure.
        auto log = daemon_log();
        if (log.size() > 8000) log.erase(0, log.size() - 8000);
        GTEST_LOG_(INFO) << "sitepowerd's last words:\n" << log;
    }
}

void SiteFixture::subscribe() {
    subscriber = std::make_unique<support::Subscriber>(
        support::SubscriberOptions{.port = broker.port(),
                                   .client_id = "test",
                                   .persistent = true,
                                   .filters = {std::string(root) + "#"}});
}

void SiteFixture::start_simulation(int speed) {
    for (int attempt = 0; attempt < 5; ++attempt) {
        // The site wants three ports in a row; a neighbour may hold one of them.
        modbus_port_ = support::free_port();
        simulation = std::make_unique<support::Process>(
            std::vector<std::string>{program("sitepower-sim"), "--dir", path("sim"), "--port-base",
                                     std::to_string(modbus_port_), "--profiles", profiles.string(), "--speed",
                                     std::to_string(speed)},
            path("sim.log"));
        const bool up = support::eventually(seconds{10}, [&] {
            return !simulation->running() || std::filesystem::exists(path("sim") / "ttySIM0");
        });
        if (up && simulation->running()) return;
    }
    throw std::runtime_error("sitepower-sim does not start: " + support::read_file(path("sim.log")));
}

std::string SiteFixture::simulated_site() const {
    auto text = support::read_file(SITEPOWER_SOURCE_DIR "/config/demo/sitepower.toml.in");
    text.erase(text.find("[broker]"));  // this fixture writes its own from there on
    for (int i = 0; i < 3; ++i) {
        replace_all(text, fmt::format("@PORT_{}@", i + 1), std::to_string(modbus_port_ + i));
    }
    replace_all(text, "@DIR@", directory_.path());
    return text;
}

void SiteFixture::write_configuration() const {
    support::write_file(path("sitepower.toml"),
                        fmt::format("{}\n{}\n[store]\ndirectory = \"{}\"\ncommit_interval_ms = {}\n\n[http]\n"
                                    "socket = \"{}\"\n\n{}\n",
                                    simulated_site(), broker_table, path("state").string(),
                                    commit_interval_ms, path("api.sock").string(), more));
}

void SiteFixture::start_daemon() {
    write_configuration();
    daemon = std::make_unique<support::Process>(
        std::vector<std::string>{program("sitepowerd"), "--config", path("sitepower.toml"), "--profiles",
                                 profiles.string()},
        path("sitepowerd.log"), daemon_environment);
    ASSERT_TRUE(support::eventually(seconds{20}, [&] { return ctl({"devices"}).status == 0; }))
        << daemon->output();
}

void SiteFixture::stop_daemon() {
    EXPECT_EQ(daemon->stop(seconds{5}), 0) << "a clean stop takes at most 5 s\n" << daemon->output();
}

void SiteFixture::kill_daemon() {
    daemon->kill();
}

void SiteFixture::tell(const std::string& command) {
    support::Process told({program("sitepower-sim"), "--dir", path("sim"), "tell", command},
                          path("tell.log"));
    ASSERT_EQ(told.wait(seconds{10}), 0) << command << "\n" << support::read_file(path("tell.log"));
}

Ran SiteFixture::ctl(std::vector<std::string> arguments) const {
    const auto output = path("ctl.log");
    std::filesystem::remove(output);
    std::vector<std::string> all{program("sitepowerctl"), "--socket", path("api.sock")};
    all.insert(all.end(), arguments.begin(), arguments.end());
    support::Process process(all, output);
    const auto status = process.wait(seconds{20});
    return {.status = status.value_or(-1), .output = process.output()};
}

json SiteFixture::query(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const auto ran = ctl(std::move(arguments));
    const auto parsed = json::parse(ran.output, nullptr, false);
    if (parsed.is_discarded() || !parsed.contains("data")) return nullptr;
    return parsed["data"];
}

const std::vector<SiteFixture::Arrival>& SiteFixture::arrivals() {
    // Only what is new is parsed: conditions are judged again and again while the record grows.
    for (auto& received : subscriber->received(read_)) {
        ++read_;
        if (received.payload.empty()) continue;  // a retained topic was cleared
        Arrival arrival;
        arrival.topic = received.topic.substr(root.size());
        arrival.backlog = arrival.topic.starts_with("backlog/");
        if (arrival.backlog) arrival.topic.erase(0, 8);
        arrival.value = json::parse(received.payload, nullptr, false);
        arrival.payload = std::move(received.payload);
        EXPECT_FALSE(arrival.value.is_discarded()) << arrival.topic << ": " << arrival.payload;
        arrivals_.push_back(std::move(arrival));
    }
    return arrivals_;
}

bool SiteFixture::wait_until_arrived(const std::function<bool(const std::vector<Arrival>&)>& condition,
                                     milliseconds at_most) {
    return support::eventually(at_most, [&] { return condition(arrivals()); });
}

void expect_nothing_missing(const std::vector<SiteFixture::Arrival>& arrivals, std::size_t may_miss) {
    std::map<std::string, const SiteFixture::Arrival*> by_id;
    // Per epoch and topic the sequences that arrived; an id ends with "-<epoch>-<sequence>".
    std::map<std::string, std::map<std::string, std::set<std::uint64_t>>> sequences;
    std::string last_epoch;
    for (const auto& arrival : arrivals) {
        if (arrival.topic == "status") continue;
        const std::string id = arrival.value.at("id");
        const auto [known, is_new] = by_id.emplace(id, &arrival);
        if (!is_new) {
            EXPECT_EQ(known->second->payload, arrival.payload) << "one id with two contents: " << id;
            EXPECT_EQ(known->second->topic, arrival.topic);
        }
        const auto end = id.rfind('-');
        const auto epoch = id.substr(id.rfind('-', end - 1) + 1, 16);
        last_epoch = arrival.backlog ? last_epoch : epoch;
        sequences[epoch][arrival.topic].insert(arrival.value.at("seq").get<std::uint64_t>());
    }
    for (const auto& [epoch, topics] : sequences) {
        for (const auto& [topic, seen] : topics) {
            // Without gaps from 1, but for what was neither published nor committed when the daemon was
            // killed.
            const auto missing = *seen.rbegin() - seen.size();
            EXPECT_LE(missing, epoch == last_epoch ? 0 : may_miss) << topic << " of epoch " << epoch;
        }
    }
}

}  // namespace sitepower::integration
