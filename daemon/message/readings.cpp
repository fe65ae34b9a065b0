// The payload on the hot path: up to 20,000 frames of 100 values a second.
#include "daemon/message/json_writer.hpp"
#include "daemon/message/payload.hpp"
#include "daemon/message/payload_head.hpp"

namespace sitepower {
namespace {

// What a point with a name of ordinary length adds to the text, on average and rounded up.
constexpr std::size_t bytes_per_point = 40;
constexpr std::size_t bytes_of_head = 320;

void append_values(const Frame& frame, std::string& out) {
    const auto& points = frame.layout->points;
    out += R"("values":{)";
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (i != 0) out += ',';
        append_quoted(out, points[i].name);
        out += ':';
        if (frame.quality[i] == Quality::good)
            append_number(out, frame.values[i]);
        else
            out += "null";
    }
    out += '}';
}

void append_quality(const Frame& frame, std::string& out) {
    const auto& points = frame.layout->points;
    out += R"("quality":{)";
    bool comma = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (frame.quality[i] == Quality::good) continue;
        if (comma) out += ',';
        comma = true;
        append_quoted(out, points[i].name);
        out += ':';
        append_quoted(out, to_string(frame.quality[i]));
    }
    out += '}';
}

}  // namespace

void append_readings_json(const PayloadHead& head, const Frame& frame, std::string& out) {
    out.reserve(out.size() + bytes_of_head + frame.layout->points.size() * bytes_per_point);
    JsonWriter json(out);
    json.begin_object();
    PayloadHead framed = head;
    framed.time = frame.time;
    write_head(json, framed, Named{.kind = "device", .id = frame.layout->device});
    json.key("group");
    json.text(frame.layout->group);
    json.key("clock_synchronised");
    json.boolean(frame.clock_synchronised);
    out += ',';
    append_values(frame, out);
    out += ',';
    append_quality(frame, out);
    json.end_object();
}

}  // namespace sitepower
