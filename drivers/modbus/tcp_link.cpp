#include "drivers/modbus/tcp_link.hpp"

#include <fmt/format.h>
#include <modbus/modbus.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>

namespace sitepower::modbus {
namespace {

bool takes_unit(int unit) {
    return unit <= 247 || unit == MODBUS_TCP_SLAVE;
}

}  // namespace

void TcpLink::ContextDeleter::operator()(_modbus* context) const {
    modbus_free(context);
}

TcpLink::TcpLink(TcpEndpoint endpoint, const StopSignal& stop)
    : endpoint_(std::move(endpoint)),
      stop_(stop),
      context_(modbus_new_tcp("127.0.0.1", endpoint_.port)),
      bits_(MODBUS_MAX_READ_BITS) {
    if (!context_) throw std::bad_alloc();
    // Without a byte time-out the response time-out bounds the whole answer: a device that trickles bytes
    // cannot hold the thread.
    modbus_set_byte_timeout(context_.get(), 0, 0);
}

TcpLink::~TcpLink() = default;

Status TcpLink::open(SteadySpan timeout) {
    close();
    auto fd = connect_tcp(endpoint_.host, endpoint_.port, timeout, stop_);
    if (!fd) return fd.error();
    if (fd->get() >= FD_SETSIZE) {
        return Error{ErrorCode::service_unavailable,
                     fmt::format("cannot use {}:{}: file descriptor {} is above {}, too many links",
                                 endpoint_.host, endpoint_.port, fd->get(), FD_SETSIZE - 1),
                     ""};
    }
    const std::lock_guard lock(fd_mutex_);
    fd_ = std::move(*fd);
    modbus_set_socket(context_.get(), fd_.get());
    return Done{};
}

void TcpLink::close() {
    const std::lock_guard lock(fd_mutex_);
    fd_.reset();
    modbus_set_socket(context_.get(), -1);
}

void TcpLink::interrupt() {
    const std::lock_guard lock(fd_mutex_);
    if (fd_.is_open()) shutdown(fd_.get(), SHUT_RDWR);
}

int TcpLink::ask_bits(const Question& question, std::span<std::uint16_t> words) {
    const int got =
        question.table == Table::coil
            ? modbus_read_bits(context_.get(), question.address, question.count, bits_.data())
            : modbus_read_input_bits(context_.get(), question.address, question.count, bits_.data());
    for (int i = 0; i < got; ++i) words[i] = bits_[i];
    return got;
}

int TcpLink::ask(const Question& question, std::span<std::uint16_t> words) {
    switch (question.table) {
        case Table::holding:
            return modbus_read_registers(context_.get(), question.address, question.count, words.data());
        case Table::input:
            return modbus_read_input_registers(context_.get(), question.address, question.count,
                                               words.data());
        case Table::coil:
        case Table::discrete:
            break;
    }
    return ask_bits(question, words);
}

std::optional<Answer> TcpLink::prepare(int unit, SteadySpan timeout) {
    if (!fd_.is_open()) return Answer{.kind = AnswerKind::lost, .detail = "not connected"};
    if (!takes_unit(unit)) {
        return Answer{.kind = AnswerKind::refused,
                      .detail = "units 248 to 254 cannot be asked over Modbus TCP"};
    }
    if (unit_ != unit) {
        modbus_set_slave(context_.get(), unit);
        unit_ = unit;
    }
    if (timeout_ != timeout) {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
        modbus_set_response_timeout(context_.get(), static_cast<std::uint32_t>(us / 1'000'000),
                                    static_cast<std::uint32_t>(us % 1'000'000));
        timeout_ = timeout;
    }
    errno = 0;
    return std::nullopt;
}

Answer TcpLink::read(const Question& question, SteadySpan timeout, std::span<std::uint16_t> words) {
    if (const auto refused = prepare(question.unit, timeout)) return *refused;
    const int got = ask(question, words);
    return got == question.count ? Answer{.kind = AnswerKind::data} : failure(errno);
}

Answer TcpLink::write(const WriteRequest& request, SteadySpan timeout) {
    if (const auto refused = prepare(request.unit, timeout)) return *refused;
    const int count = static_cast<int>(request.words.size());
    int written = -1;
    switch (function_of(request)) {
        case 5:
            written = modbus_write_bit(context_.get(), request.address, request.words.front() != 0 ? 1 : 0);
            break;
        case 6:
            written = modbus_write_register(context_.get(), request.address, request.words.front());
            break;
        case 15: {
            const std::vector<std::uint8_t> bits(request.words.begin(), request.words.end());
            written = modbus_write_bits(context_.get(), request.address, count, bits.data());
            break;
        }
        default:
            written = modbus_write_registers(context_.get(), request.address, count, request.words.data());
            break;
    }
    return written == count ? Answer{.kind = AnswerKind::data} : failure(errno);
}

Answer TcpLink::failure(int error) {
    if (error > MODBUS_ENOBASE && error <= EMBXGTAR) {
        return {.kind = AnswerKind::exception,
                .exception = static_cast<std::uint8_t>(error - MODBUS_ENOBASE)};
    }
    // The answer may still come: only a new connection is sure not to carry it.
    close();
    switch (error) {
        case ETIMEDOUT:
            return {.kind = AnswerKind::timeout};
        case EMBBADDATA:
        case EMBBADCRC:
        case EMBBADEXC:
        case EMBMDATA:
        case EMBBADSLAVE:
        case EMBUNKEXC:
            return {.kind = AnswerKind::bad_frame, .detail = "not an answer to this request"};
        case EPIPE:
        case ECONNRESET:
            return {.kind = AnswerKind::lost, .detail = "the device closed the connection"};
        default:
            return {.kind = AnswerKind::lost, .detail = "the connection failed"};
    }
}

}  // namespace sitepower::modbus
