// Writes JSON text straight into a string that the caller owns and reuses, in the order of the calls. Commas
// are placed by the writer; braces must match, which the golden tests prove. Used on every thread that makes
// payloads; holds no memory of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace sitepower {

class JsonWriter {
  public:
    // Appends to `out`, which must outlive the writer.
    explicit JsonWriter(std::string& out) : out_(out) {}

    void begin_object();
    void end_object();
    void begin_array();
    void end_array();
    // The name of the next value, inside an object.
    void key(std::string_view name);

    void text(std::string_view value);
    void text(std::string_view name, std::string_view value);  // with its key
    void number(double value);                                 // null when not finite
    void integer(std::int64_t value);
    void boolean(bool value);
    void null();
    void time(Time value);  // ISO 8601 with milliseconds
    // The same text as message_id(), without its allocation.
    void message_id(std::string_view site, std::uint64_t epoch_bits, std::uint64_t sequence);

  private:
    void separate();

    std::string& out_;
    bool comma_ = false;  // something precedes on this level
};

// Appends the digits of `value` in as few digits as read back to the same double: plain notation up to 15
// digits, else as std::to_chars writes it. "null" when not finite: JSON has no other word for it.
void append_number(std::string& out, double value);

// Appends `text` between quotes, escaped; bytes above 0x7f are taken as UTF-8 and left alone.
void append_quoted(std::string& out, std::string_view text);

// Appends what format_time gives, without its allocation. Years 0 to 9999.
void append_time(std::string& out, Time time);

}  // namespace sitepower
