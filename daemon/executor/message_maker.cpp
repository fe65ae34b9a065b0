#include "daemon/executor/message_maker.hpp"

#include <utility>

namespace sitepower {

MessageMaker::MessageMaker(std::string site, Epoch epoch) : site_(std::move(site)), epoch_(epoch) {}

std::shared_ptr<Message> MessageMaker::begin(MessageKind kind, std::string topic) {
    auto message = std::make_shared<Message>();
    message->key = epoch_.key(++sequence_);
    message->epoch_bits = epoch_.bits;
    message->kind = kind;
    message->seq = ++seq_by_topic_[topic];
    message->topic = std::move(topic);
    return message;
}

PayloadHead MessageMaker::head_of(const Message& message, Time time) const {
    return {.site = site_, .epoch_bits = epoch_.bits, .key = message.key, .seq = message.seq, .time = time};
}

std::shared_ptr<const Message> MessageMaker::readings(FramePtr frame) {
    auto& entry = readings_by_device_[frame->layout->device];
    if (entry.topic.empty()) {
        entry.topic = "device/" + frame->layout->device + "/readings";
    }
    auto message = std::make_shared<Message>();
    message->key = epoch_.key(++sequence_);
    message->epoch_bits = epoch_.bits;
    message->kind = MessageKind::readings;
    message->seq = ++entry.seq;
    message->topic = entry.topic;
    message->body = std::move(frame);
    return message;
}

std::shared_ptr<const Message> MessageMaker::cleared(std::string topic) {
    auto message = std::make_shared<Message>();
    message->kind = MessageKind::state;
    message->topic = std::move(topic);
    message->retained = true;
    message->body = std::string();
    return message;
}

}  // namespace sitepower
