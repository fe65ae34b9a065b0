// What the publisher says of what it is given, without a broker.
#include "daemon/publish/publisher.hpp"

#include <gtest/gtest.h>

namespace sitepower::publisher_test {
namespace {

class NobodyListens final : public PublisherObserver {
  public:
    void delivered(std::span<const MessageKey>) override {}
    void refused(MessageKey, int) override {}
    void connection_changed(const ConnectionState&) override {}
    void backlog_wanted() override {}
    void request(MqttRequest) override {}
};

// It is in no outbox: taken is done, connected or not.
TEST(Publisher, TakesAClearAlsoWithoutAConnection) {
    NobodyListens observer;
    PublisherSettings settings;
    settings.brokers = {{.host = "127.0.0.1", .port = 1}};
    Publisher publisher(settings, "DC-1", 1, observer);
    const auto retained = [](std::string body) {
        auto message = std::make_shared<Message>();
        message->kind = MessageKind::alert;
        message->topic = "alert/A1";
        message->retained = true;
        message->body = std::move(body);
        return message;
    };
    EXPECT_FALSE(publisher.publish(retained(""))) << "not started: nobody takes it";
    publisher.start();
    EXPECT_FALSE(publisher.publish(retained("{}"))) << "the outbox has it";
    EXPECT_TRUE(publisher.publish(retained("")));
}

}  // namespace
}  // namespace sitepower::publisher_test
