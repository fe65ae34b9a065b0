#include "daemon/message/payload_head.hpp"

#include <array>
#include <charconv>

namespace sitepower {
namespace {

void write_times(JsonWriter& json, Time time) {
    json.key("time");
    json.time(time);
    json.key("time_ms");
    json.integer(to_ms(time));
}

void write_subject(JsonWriter& json, const PayloadHead& head, const Named& subject) {
    json.key("site");
    json.text(head.site);
    if (!subject.kind.empty()) {
        json.key(subject.kind);
        json.text(subject.id);
    }
}

}  // namespace

void write_head(JsonWriter& json, const PayloadHead& head, const Named& subject) {
    write_subject(json, head, subject);
    write_times(json, head.time);
    json.key("id");
    json.message_id(head.site, head.epoch_bits, sequence_of(head.key));
    json.key("seq");
    json.integer(static_cast<std::int64_t>(head.seq));
}

void write_head(JsonWriter& json, const PayloadHead& head, const Named& subject, std::string_view id) {
    write_subject(json, head, subject);
    write_times(json, head.time);
    json.key("id");
    json.text(id);
    json.key("seq");
    json.integer(static_cast<std::int64_t>(head.seq));
}

}  // namespace sitepower
