#include "daemon/message/message.hpp"

#include <fmt/format.h>

namespace sitepower {

std::string message_id(std::string_view site, std::uint64_t epoch_bits, MessageKey key) {
    return fmt::format("{}-{:016x}-{}", site, epoch_bits, sequence_of(key));
}

}  // namespace sitepower
