#include "tests/support/sunspec_map.hpp"

#include <stdexcept>

namespace sitepower::support {

const sunspec::Models& shipped_models() {
    static const auto models = [] {
        schema::Diagnostics diagnostics;
        auto loaded = sunspec::load_models({SITEPOWER_SOURCE_DIR "/config/sunspec"}, diagnostics);
        if (!diagnostics.empty()) throw std::runtime_error(to_string(diagnostics.sorted().front()));
        return loaded;
    }();
    return models;
}

SunspecMap::SunspecMap(int marker) : next_(marker) {
    words_[next_++] = 0x5375;
    words_[next_++] = 0x6E53;
}

int SunspecMap::add(int id, int length) {
    const int address = next_;
    words_[next_++] = static_cast<std::uint16_t>(id);
    words_[next_++] = static_cast<std::uint16_t>(length);
    for (int i = 0; i < length; ++i) words_[next_++] = 0;
    return address;
}

int SunspecMap::add_common(const std::string& manufacturer, const std::string& model,
                           const std::string& serial, int length) {
    const int address = add(1, length);
    set_text(address + 2, manufacturer, 16);
    set_text(address + 18, model, 16);
    set_text(address + 50, serial, 16);
    return address;
}

void SunspecMap::end() {
    words_[next_++] = 0xFFFF;
    words_[next_++] = 0;
}

void SunspecMap::set_text(int address, const std::string& text, int registers) {
    for (int i = 0; i < registers; ++i) {
        const auto at = static_cast<std::size_t>(2 * i);
        const auto byte = [&](std::size_t k) {
            return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U;
        };
        words_[address + i] = static_cast<std::uint16_t>(byte(at) << 8 | byte(at + 1));
    }
}

sunspec::Reply SunspecMap::read(std::uint16_t address, std::uint16_t count) const {
    ++reads_;
    if (address + count > silent_from_) {
        return {.kind = sunspec::Reply::Kind::failed, .words = {}, .detail = "no answer in time"};
    }
    sunspec::Reply reply{.kind = sunspec::Reply::Kind::words, .words = {}, .detail = {}};
    for (int i = 0; i < count; ++i) {
        const auto found = words_.find(address + i);
        if (found == words_.end())
            return {.kind = sunspec::Reply::Kind::refused, .words = {}, .detail = "refused"};
        reply.words.push_back(found->second);
    }
    return reply;
}

sunspec::Reader SunspecMap::reader() const {
    return [this](std::uint16_t address, std::uint16_t count) { return read(address, count); };
}

}  // namespace sitepower::support
