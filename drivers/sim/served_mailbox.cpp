#include "drivers/sim/served_mailbox.hpp"

#include <algorithm>

namespace sitepower::sim {
namespace {

constexpr auto mailbox_table = modbus::Table::holding;

std::uint16_t address_in(int number) {
    return static_cast<std::uint16_t>(number);
}

// Where a read or a write of registers begins; nullopt: it is another request.
std::optional<int> first_register(std::span<const std::uint8_t> pdu) {
    const bool of_registers = pdu.size() >= 5 && (pdu[0] == 3 || pdu[0] == 6 || pdu[0] == 16);
    return of_registers ? std::optional(pdu[1] << 8 | pdu[2]) : std::nullopt;
}

}  // namespace

ServedMailbox::ServedMailbox(const ProfileMailbox& mailbox, RegisterBank& bank)
    : mailbox_(mailbox), words_(static_cast<std::size_t>(mailbox.words()) * mailbox.turns()) {
    const int length = static_cast<int>(mailbox_.request.size());
    bank.define(mailbox_table, address_in(mailbox_.request_address), length);
    bank.allow_writes(mailbox_table, address_in(mailbox_.request_address), length);
    bank.define(mailbox_table, address_in(mailbox_.ready_address), 1);
    if (mailbox_.index_address) bank.define(mailbox_table, address_in(*mailbox_.index_address), 1);
    bank.define(mailbox_table, address_in(mailbox_.window_address), mailbox_.window_length);
}

void ServedMailbox::set_manner(Manner manner, RegisterBank& bank) {
    manner_ = manner;
    bank.allow_writes(mailbox_table, address_in(mailbox_.request_address),
                      static_cast<int>(mailbox_.request.size()), manner != Manner::refuses);
}

void ServedMailbox::before(std::span<const std::uint8_t> /*request*/, Clock::time_point now,
                           RegisterBank& bank) {
    if (!asked_ || now - asked_at_ < delay_) return;
    show(*asked_, bank);
    asked_.reset();
}

void ServedMailbox::after(std::span<const std::uint8_t> request, std::span<const std::uint8_t> answer,
                          Clock::time_point now, RegisterBank& bank) {
    const auto first = first_register(request);
    if (!first || answer.empty() || answer[0] != request[0]) return;
    const bool is_read = request[0] == 3;
    if (is_read && *first == mailbox_.window_address) {
        window_ = std::min(window_ + 1, mailbox_.windows - 1);
        show_window(bank);
    }
    if (is_read || *first != mailbox_.request_address || manner_ == Manner::stuck) return;
    asked_ = turn_asked_for(bank);
    asked_at_ = now;
}

std::optional<std::size_t> ServedMailbox::turn_asked_for(const RegisterBank& bank) const {
    if (mailbox_.indices.empty()) return 0;
    const auto at = address_in(mailbox_.request_address + mailbox_.index_word);
    const auto word = bank.read(mailbox_table, at, 1);
    const auto found = std::ranges::find(mailbox_.indices, std::int64_t{(*word)[0]});
    if (found == mailbox_.indices.end()) return std::nullopt;
    return static_cast<std::size_t>(found - mailbox_.indices.begin());
}

void ServedMailbox::show(std::size_t turn, RegisterBank& bank) {
    shown_ = turn;
    window_ = 0;
    const int index = mailbox_.indices.empty() ? 0 : static_cast<int>(mailbox_.indices[turn]);
    bank.set(mailbox_table, address_in(mailbox_.ready_address), address_in(mailbox_.ready.value_or(index)));
    if (mailbox_.index_address)
        bank.set(mailbox_table, address_in(*mailbox_.index_address), address_in(index));
    show_window(bank);
}

void ServedMailbox::show_window(RegisterBank& bank) const {
    const auto from = shown_ * static_cast<std::size_t>(mailbox_.words()) +
                      static_cast<std::size_t>(window_) * static_cast<std::size_t>(mailbox_.window_length);
    for (int i = 0; i < mailbox_.window_length; ++i) {
        bank.set(mailbox_table, address_in(mailbox_.window_address + i),
                 words_[from + static_cast<std::size_t>(i)]);
    }
}

}  // namespace sitepower::sim
