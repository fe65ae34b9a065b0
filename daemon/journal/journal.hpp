// The journal: every line the daemon says, with its structured fields. Goes to systemd's journal when that is
// where stderr leads, else as readable lines to stderr. Any thread may log; lines of one kind are rate
// limited.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace sitepower::journal {

enum class Priority : int { critical = 2, error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

// One kind of message: a row of messages.hpp, from which the catalogue and the reference page are made.
struct Kind {
    std::string_view name;        // "device-offline"
    std::string_view message_id;  // 128 bits as 32 hex digits, for MESSAGE_ID=
    Priority priority;
    std::string_view subject;  // one line for the catalogue
    std::string_view advice;   // what an operator should do
};

struct Field {
    std::string_view name;  // upper case, without prefix: "DEVICE" becomes SITEPOWER_DEVICE
    std::string_view value;
};

// Lines of a lower priority than `level` are not written. Any thread.
void set_level(Priority level);

void log(const Kind& kind, std::string_view text, std::initializer_list<Field> fields = {});

}  // namespace sitepower::journal
