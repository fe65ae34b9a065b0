// The beginning that all payloads share. Private to daemon/message.
#pragma once

#include <string_view>

#include "daemon/message/json_writer.hpp"
#include "daemon/message/payload.hpp"

namespace sitepower {

// The subject of a payload: "device" and its identifier.
struct Named {
    std::string_view kind;  // empty: the site itself
    std::string_view id;
};

// Writes site, subject, time, time_ms, id and seq into an object that has begun.
void write_head(JsonWriter& json, const PayloadHead& head, const Named& subject);
// The same with an id that is not made of the key.
void write_head(JsonWriter& json, const PayloadHead& head, const Named& subject, std::string_view id);

}  // namespace sitepower
