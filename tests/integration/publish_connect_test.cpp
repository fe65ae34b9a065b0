// How the publisher finds a broker, and what it says when it does not.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/integration/publish_fixture.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/fake_broker.hpp"
#include "tests/support/process.hpp"
#include "tests/support/subscriber.hpp"

namespace sitepower::publish_connect_test {
namespace {

using support::Broker;
using support::Certificates;
using support::FakeBroker;
using support::FakeBrokerManner;
using support::Subscriber;

class PublishConnectTest : public testing::Test {
  protected:
    std::unique_ptr<Publisher> make(PublisherSettings settings) {
        auto made = std::make_unique<Publisher>(std::move(settings), test_site, test_epoch, observer);
        made->start();
        return made;
    }
    bool wait_for_reason(const std::string& part) {
        return observer.wait_until([&] {
            return !observer.states.empty() && observer.states.back().reason.find(part) != std::string::npos;
        });
    }
    std::string last_reason() { return observer.states.empty() ? "nothing" : observer.states.back().reason; }

    RecordingObserver observer;
};

PublisherSettings tls_settings(std::uint16_t port, const std::string& ca_file) {
    PublisherSettings settings = settings_for(port);
    settings.brokers[0].host = "localhost";
    settings.tls.enabled = true;
    settings.tls.ca_file = ca_file;
    return settings;
}

TEST_F(PublishConnectTest, AWrongPasswordIsNamed) {
    Broker broker({.user = "site", .password = "right"});
    broker.start();
    PublisherSettings settings = settings_for(broker.port());
    settings.user = "site";
    settings.password = "wrong";
    const auto publisher = make(settings);
    EXPECT_TRUE(wait_for_reason("Not authorized")) << last_reason();
    EXPECT_FALSE(publisher->publish(frame_message(1)));
}

TEST_F(PublishConnectTest, TheRightPasswordIsAccepted) {
    Broker broker({.user = "site", .password = "right"});
    broker.start();
    PublisherSettings settings = settings_for(broker.port());
    settings.user = "site";
    settings.password = "right";
    const auto publisher = make(settings);
    ASSERT_TRUE(observer.wait_connected()) << last_reason();
    EXPECT_TRUE(observer.states.back().protocol_5);
    EXPECT_TRUE(observer.states.back().note.empty());
    EXPECT_EQ(observer.states.back().broker, "127.0.0.1:" + std::to_string(broker.port()));
}

TEST_F(PublishConnectTest, TlsWithAClientCertificate) {
    const Certificates certificates;
    Broker broker({.tls = &certificates, .require_client_certificate = true});
    broker.start();
    PublisherSettings settings = tls_settings(broker.port(), certificates.authority());
    settings.tls.certificate_file = certificates.client();
    settings.tls.key_file = certificates.client_key();
    const auto publisher = make(settings);
    ASSERT_TRUE(observer.wait_connected()) << last_reason();
    for (std::uint64_t i = 1; i <= 1000; ++i) publisher->publish(frame_message(i));
    EXPECT_TRUE(observer.wait_until([this] { return observer.delivered_keys.size() == 1000; }));
}

TEST_F(PublishConnectTest, AStrangersCertificateIsRefusedByName) {
    const Certificates certificates;
    Broker broker({.tls = &certificates});
    broker.start();
    const auto publisher = make(tls_settings(broker.port(), certificates.other_authority()));
    EXPECT_TRUE(wait_for_reason("certificate verify failed")) << last_reason();
    EXPECT_FALSE(observer.states.back().connected);
}

TEST_F(PublishConnectTest, ACertificateForAnotherNameIsRefusedUnlessAllowed) {
    const Certificates certificates("DNS:elsewhere.example");
    Broker broker({.tls = &certificates});
    broker.start();
    PublisherSettings settings = tls_settings(broker.port(), certificates.authority());
    auto publisher = make(settings);
    EXPECT_TRUE(wait_for_reason("host name verification failed")) << last_reason();
    settings.tls.verify_hostname = false;
    publisher = make(settings);
    EXPECT_TRUE(observer.wait_connected()) << last_reason();
}

TEST_F(PublishConnectTest, ACertificateFileThatIsNotThereIsNamed) {
    const auto publisher = make(tls_settings(support::free_port(), "/nowhere/ca.crt"));
    EXPECT_TRUE(wait_for_reason("cannot read the certificate files")) << last_reason();
}

TEST_F(PublishConnectTest, FallsBackTo311WhenMqtt5IsClosed) {
    const FakeBroker broker(FakeBrokerManner::closes_mqtt_5);
    const auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(observer.wait_connected()) << last_reason();
    EXPECT_FALSE(observer.states.back().protocol_5);
    EXPECT_NE(observer.states.back().note.find("3.1.1"), std::string::npos);
    publisher->publish(frame_message(1));
    EXPECT_TRUE(observer.wait_until([this] { return observer.delivered_keys.size() == 1; }));
}

TEST_F(PublishConnectTest, FallsBackTo311WhenMqtt5IsRefused) {
    const FakeBroker broker(FakeBrokerManner::refuses_mqtt_5);
    const auto publisher = make(settings_for(broker.port()));
    ASSERT_TRUE(observer.wait_connected()) << last_reason();
    EXPECT_FALSE(observer.states.back().protocol_5);
    EXPECT_EQ(broker.connects(), 2);
}

TEST_F(PublishConnectTest, TheSecondBrokerServesWhenTheFirstIsDead) {
    Broker broker;
    broker.start();
    PublisherSettings settings = settings_for(broker.port());
    settings.brokers.insert(settings.brokers.begin(), {.host = "127.0.0.1", .port = support::free_port()});
    const auto publisher = make(settings);
    ASSERT_TRUE(observer.wait_connected()) << last_reason();
    EXPECT_EQ(observer.states.front().reason, "Connection refused");
    EXPECT_EQ(observer.states.back().broker, "127.0.0.1:" + std::to_string(broker.port()));
}

TEST_F(PublishConnectTest, TheSecondBrokerServesWhenTheFirstIsSilent) {
    const FakeBroker silent(FakeBrokerManner::silent);
    Broker broker;
    broker.start();
    PublisherSettings settings = settings_for(broker.port());
    settings.connect_timeout = Duration{300};
    settings.brokers.insert(settings.brokers.begin(), {.host = "127.0.0.1", .port = silent.port()});
    const auto publisher = make(settings);
    ASSERT_TRUE(observer.wait_connected(std::chrono::seconds(5))) << last_reason();
    EXPECT_NE(observer.states.front().reason.find("no answer"), std::string::npos)
        << observer.states.front().reason;
}

TEST_F(PublishConnectTest, ANameOfTwoFamiliesReachesTheOneThatListens) {
    Broker broker;  // listens on 127.0.0.1 only, while "localhost" may be ::1 first
    broker.start();
    PublisherSettings settings = settings_for(broker.port());
    settings.brokers[0].host = "localhost";
    const auto publisher = make(settings);
    EXPECT_TRUE(observer.wait_connected()) << last_reason();
}

TEST_F(PublishConnectTest, AnUnknownNameIsNamed) {
    PublisherSettings settings = settings_for(1883);
    settings.brokers[0].host = "no-such-host.invalid";
    const auto publisher = make(settings);
    EXPECT_TRUE(wait_for_reason("name")) << last_reason();
}

// libmosquitto wants to write during a handshake that the peer does not answer; waiting must not burn a core.
TEST_F(PublishConnectTest, WaitingForASilentTlsBrokerCostsNothing) {
    const Certificates certificates;
    const FakeBroker silent(FakeBrokerManner::silent);
    PublisherSettings settings = tls_settings(silent.port(), certificates.authority());
    settings.brokers[0].host = "127.0.0.1";
    settings.connect_timeout = Duration{1500};
    rusage before{};
    getrusage(RUSAGE_SELF, &before);
    const auto publisher = make(settings);
    ASSERT_TRUE(wait_for_reason("no answer")) << last_reason();
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    const auto cpu_ms = [](const rusage& usage) {
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
               (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    };
    EXPECT_LT(cpu_ms(after) - cpu_ms(before), 500);
}

TEST_F(PublishConnectTest, ABrokerThatNeverAcknowledgesIsGivenUp) {
    const FakeBroker broker(FakeBrokerManner::never_acknowledges);
    PublisherSettings settings = settings_for(broker.port());
    settings.acknowledge_timeout = Duration{500};
    settings.window = 10;
    const auto publisher = make(settings);
    ASSERT_TRUE(observer.wait_connected());
    for (std::uint64_t i = 1; i <= 100; ++i) publisher->publish(frame_message(i));
    EXPECT_TRUE(wait_for_reason("does not acknowledge")) << last_reason();
    EXPECT_TRUE(observer.delivered_keys.empty());
    // A window each connection, nothing above it.
    EXPECT_LE(broker.publishes(), 10 * broker.connects());
}

// Mosquitto 2.0.11 does not say why it closes.
TEST_F(PublishConnectTest, AFightForTheSessionIsLeftAlone) {
    Broker broker;
    broker.start();
    PublisherSettings settings = settings_for(broker.port());
    settings.reconnect_min = Duration{10};
    const auto publisher = make(settings);
    ASSERT_TRUE(observer.wait_connected()) << last_reason();
    // It comes back by itself whenever it is thrown out.
    const Subscriber other({.port = broker.port(), .client_id = "sitepower-" + test_site, .filters = {"x"}});
    ASSERT_TRUE(observer.wait_until([this] { return observer.states.back().taken_over_twice; }))
        << last_reason();
    EXPECT_NE(observer.states.back().note.find("another client"), std::string::npos);
    // It stays away: not even the usual longest pause later it is back.
    EXPECT_FALSE(
        observer.wait_until([this] { return observer.states.back().connected; }, 2 * settings.reconnect_max));
    EXPECT_EQ(publisher->counters().connects, 2U);
}

TEST_F(PublishConnectTest, ATakeoverThatIsTold) {
    const FakeBroker broker(FakeBrokerManner::takes_over);
    PublisherSettings settings = settings_for(broker.port());
    settings.reconnect_min = Duration{10};
    const auto publisher = make(settings);
    ASSERT_TRUE(observer.wait_until(
        [this] { return !observer.states.empty() && observer.states.back().taken_over_twice; }));
    EXPECT_EQ(last_reason(), "another client uses our client id");
    EXPECT_EQ(publisher->counters().connects, 2U);
}

TEST_F(PublishConnectTest, ABrokerThatClosesSoonIsNotHammered) {
    const FakeBroker broker(FakeBrokerManner::closes_soon);
    PublisherSettings settings = settings_for(broker.port());
    settings.version = MqttVersion::v311;
    settings.reconnect_min = Duration{10};
    const auto publisher = make(settings);
    EXPECT_TRUE(observer.wait_until(
        [this] { return !observer.states.empty() && observer.states.back().taken_over_twice; }));
    EXPECT_EQ(publisher->counters().connects, 2U);
}

TEST_F(PublishConnectTest, WorksWithoutABroker) {
    PublisherSettings settings = settings_for(support::free_port());
    auto publisher = make(settings);
    ASSERT_TRUE(wait_for_reason("refused"));
    EXPECT_FALSE(publisher->publish(frame_message(2)));
    EXPECT_LT(publisher->since_progress(), publisher->progress_limit());
    const auto began = std::chrono::steady_clock::now();
    publisher->stop(Duration{5000});
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
    settings.enabled = false;
    publisher = make(settings);
    EXPECT_FALSE(publisher->publish(frame_message(1)));
    publisher->stop(Duration{5000});
    settings.enabled = true;
    settings.brokers.clear();
    publisher = make(settings);
    EXPECT_FALSE(publisher->publish(frame_message(1)));
}

}  // namespace
}  // namespace sitepower::publish_connect_test
