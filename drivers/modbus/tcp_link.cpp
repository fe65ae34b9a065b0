#include "drivers/modbus/tcp_link.hpp"

#include <fmt/format.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

namespace sitepower::modbus {
namespace {

constexpr std::size_t mbap_size = 7;
constexpr std::size_t longest_frame = mbap_size + 253;
// So long a device that sent something foreign is taken to do it again: copies of its answers, mostly.
constexpr SteadySpan look_first_for = std::chrono::hours(1);

std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::array<std::uint8_t, mbap_size + 4> identity_frame(const Question& question, std::uint16_t transaction) {
    const auto pdu = identity_request(*question.identity);
    std::array<std::uint8_t, mbap_size + 4> frame{static_cast<std::uint8_t>(transaction >> 8),
                                                  static_cast<std::uint8_t>(transaction & 0xFFU),
                                                  0,
                                                  0,
                                                  0,
                                                  static_cast<std::uint8_t>(pdu.size() + 1),
                                                  question.unit};
    std::ranges::copy(pdu, frame.begin() + mbap_size);
    return frame;
}

// Of a frame of which the head is there; 0 when it is none.
std::size_t size_of_frame(std::span<const std::uint8_t> received) {
    const std::size_t length = word_at(received, 4);  // unit and PDU
    const bool sound = word_at(received, 2) == 0 && length >= 3 && length <= longest_frame - mbap_size + 1;
    return sound ? mbap_size - 1 + length : 0;
}

// What a whole frame with our transaction id says.
std::optional<Answer> judge_identity(std::span<const std::uint8_t> frame, const Question& question,
                                     std::span<std::uint16_t> words) {
    if (frame[6] != question.unit) return std::nullopt;
    const auto pdu = frame.subspan(mbap_size);
    if (pdu[0] == (identification_function | 0x80U)) {
        return Answer{.kind = AnswerKind::exception, .exception = pdu[1]};
    }
    if (identity_size(pdu) != pdu.size() || !is_identity_of(pdu, *question.identity)) return std::nullopt;
    if (!unpack_identity(pdu, *question.identity, words.first(question.count))) return no_such_object();
    return Answer{.kind = AnswerKind::data};
}

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
    const auto failed = steady_now() < look_first_until_ ? discard_old_answers() : std::nullopt;
    errno = 0;
    return failed;
}

// What lies there before anything is asked answers an earlier question, for the second time.
std::optional<Answer> TcpLink::discard_old_answers() {
    std::array<std::uint8_t, 8 * longest_frame> buffer{};
    const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got == 0) return failure(ECONNRESET);
    if (got < 0) {
        const bool nothing = errno == EAGAIN || errno == EINTR;
        return nothing ? std::nullopt : std::optional(failure(errno));
    }
    // Behind a part of an answer its rest would be taken for the beginning of the next one.
    auto rest = std::span<const std::uint8_t>(buffer).first(static_cast<std::size_t>(got));
    while (!rest.empty()) {
        const auto size = rest.size() < mbap_size ? 0 : size_of_frame(rest);
        if (size == 0 || size > rest.size()) return failure(EMBBADDATA);
        rest = rest.subspan(size);
    }
    return std::nullopt;
}

Answer TcpLink::read(const Question& question, SteadySpan timeout, std::span<std::uint16_t> words) {
    if (const auto refused = prepare(question.unit, timeout)) return *refused;
    if (question.identity) return identify(question, timeout, words);
    const int got = ask(question, words);
    return got == question.count ? Answer{.kind = AnswerKind::data} : failure(errno);
}

Answer TcpLink::identify(const Question& question, SteadySpan timeout, std::span<std::uint16_t> words) {
    const auto deadline = steady_now() + timeout;
    const auto request = identity_frame(question, ++transaction_);
    if (::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
        return failure(EPIPE);
    }
    std::array<std::uint8_t, longest_frame> buffer{};
    std::size_t filled = 0;
    for (;;) {
        const auto received = std::span<const std::uint8_t>(buffer).first(filled);
        const auto size = filled < mbap_size ? mbap_size : size_of_frame(received);
        if (size == 0) return failure(EMBBADDATA);
        if (size > mbap_size && filled == size) {
            // An answer with another id is one to an earlier question: not ours, which may still come.
            if (word_at(received, 0) == transaction_) {
                const auto answer = judge_identity(received, question, words);
                return answer ? *answer : failure(EMBBADDATA);
            }
            filled = 0;
            continue;
        }
        if (stop_.wait_for(fd_.get(), POLLIN, deadline) != Ready::yes) return failure(ETIMEDOUT);
        const auto got = ::recv(fd_.get(), buffer.data() + filled, size - filled, MSG_DONTWAIT);
        if (got == 0) return failure(ECONNRESET);
        if (got < 0 && errno != EAGAIN && errno != EINTR) return failure(errno);
        if (got > 0) filled += static_cast<std::size_t>(got);
    }
}

Answer TcpLink::write(const WriteRequest& request, SteadySpan timeout) {
    if (const auto failed = prepare(request.unit, timeout)) {
        // Nothing was sent, so that there is no doubt about what the device has done.
        const bool is_refused = failed->kind == AnswerKind::refused;
        return {
            .kind = AnswerKind::refused,
            .detail = is_refused ? failed->detail : "the connection has to be made anew; nothing was sent"};
    }
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
            look_first_until_ = steady_now() + look_first_for;
            return {.kind = AnswerKind::bad_frame, .detail = "not an answer to this request"};
        case EPIPE:
        case ECONNRESET:
            return {.kind = AnswerKind::lost, .detail = "the device closed the connection"};
        default:
            return {.kind = AnswerKind::lost, .detail = "the connection failed"};
    }
}

}  // namespace sitepower::modbus
