// The broker and the subscriber that other integration tests build on.
#include "tests/support/broker.hpp"

#include <gtest/gtest.h>

#include "tests/support/subscriber.hpp"

namespace sitepower::support::broker_test {
namespace {

TEST(Broker, CarriesAMessageWithItsProperties) {
    Broker broker;
    broker.start();
    Subscriber subscriber({.port = broker.port(), .filters = {"a/#"}});
    subscriber.publish({.topic = "a/b",
                        .payload = "x",
                        .response_topic = "r",
                        .correlation_data = std::string("\0c", 2),
                        .expiry_s = 60});
    ASSERT_TRUE(subscriber.wait_for_count(1));
    const auto message = subscriber.received().front();
    EXPECT_EQ(message.topic, "a/b");
    EXPECT_EQ(message.payload, "x");
    EXPECT_EQ(message.response_topic, "r");
    EXPECT_EQ(message.correlation_data, std::string("\0c", 2));
    ASSERT_TRUE(message.expiry_s);
    EXPECT_LE(*message.expiry_s, 60U);
}

TEST(Broker, KeepsMoreThanTheDefaultForAnAbsentSubscriber) {
    Broker broker({.persistence = true});
    broker.start();
    {
        const Subscriber once(
            {.port = broker.port(), .client_id = "s", .persistent = true, .filters = {"t"}});
    }
    Subscriber publisher({.port = broker.port(), .filters = {"t"}});
    for (int i = 0; i < 1500; ++i) publisher.publish({.topic = "t", .payload = std::to_string(i)});
    ASSERT_TRUE(publisher.wait_for_count(1500));
    broker.stop();
    broker.start();
    Subscriber back({.port = broker.port(), .client_id = "s", .persistent = true, .filters = {"t"}});
    EXPECT_TRUE(back.wait_for_count(1500));
}

TEST(Broker, RefusesStrangers) {
    const Certificates certificates;
    Broker broker({.tls = &certificates, .user = "u", .password = "p"});
    broker.start();
    SubscriberOptions options{.port = broker.port(),
                              .user = "u",
                              .password = "p",
                              .ca_file = certificates.authority(),
                              .ready_within = std::chrono::seconds(1)};
    EXPECT_NO_THROW(Subscriber{options});
    options.password = "wrong";
    EXPECT_ANY_THROW(Subscriber{options});
    options.password = "p";
    options.ca_file = certificates.other_authority();
    EXPECT_ANY_THROW(Subscriber{options});
}

}  // namespace
}  // namespace sitepower::support::broker_test
