#include "drivers/modbus/rtu_link.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sitepower::modbus {
namespace {

using namespace std::chrono_literals;

// Garbage has ended when nothing came for this long: longer than the pauses that USB adapters make inside a
// frame.
constexpr SteadySpan end_of_garbage = 20ms;
constexpr int reads_to_empty_a_buffer = 64;

}  // namespace

RtuLink::RtuLink(std::unique_ptr<RtuPort> port, const StopSignal& stop)
    : port_(std::move(port)), stop_(stop) {
    strays_.reserve(strays_limit);
}

Status RtuLink::open(SteadySpan timeout) {
    filled_ = 0;
    return port_->open(timeout, stop_);
}

SteadySpan RtuLink::line_gap() const {
    const auto byte = port_->byte_time();
    if (byte == SteadySpan::zero()) return {};
    return std::max<SteadySpan>(byte * 7 / 2, 1750us);
}

// Appends what has arrived to the buffer; never waits.
RtuLink::Received RtuLink::receive() {
    const auto room = std::span(buffer_).subspan(filled_);
    const auto got = ::read(port_->fd(), room.data(), room.size());
    if (got > 0) {
        filled_ += static_cast<std::size_t>(got);
        return Received::bytes;
    }
    const bool again = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    return again ? Received::nothing : Received::closed;
}

void RtuLink::drop_front(std::size_t size) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(size),
              buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
    filled_ -= size;
}

void RtuLink::note_stray(Stray stray) {
    if (strays_.size() < strays_limit) strays_.push_back(stray);
}

// Notes whose answers the buffer holds, and empties it.
void RtuLink::note_discarded() {
    while (filled_ > 0) {
        const auto front = look_at_front(std::span(buffer_).first(filled_));
        if (front.kind != FrameKind::stray) {
            note_stray({});
            break;
        }
        note_stray(stray_of(buffer_));
        drop_front(front.size);
    }
    filled_ = 0;
}

// Throws away what came since the last request. False when the link is closed.
bool RtuLink::discard_waiting() {
    for (int i = 0; i < reads_to_empty_a_buffer; ++i) {
        const auto received = receive();
        if (received == Received::closed) return false;
        if (received == Received::nothing) break;
        if (filled_ == buffer_.size()) note_discarded();
    }
    note_discarded();
    return true;
}

void RtuLink::discard_until_silent(SteadyTime deadline) {
    note_discarded();
    for (;;) {
        const auto now = steady_now();
        const auto until = std::min(deadline, now + end_of_garbage);
        if (now >= deadline || stop_.wait_for(port_->fd(), POLLIN, until) != Ready::yes) return;
        if (receive() == Received::closed) return;
        filled_ = 0;
    }
}

bool RtuLink::send(std::span<const std::uint8_t> request, SteadyTime deadline) {
    auto left = request;
    while (!left.empty()) {
        auto sent = ::send(port_->fd(), left.data(), left.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == ENOTSOCK) sent = ::write(port_->fd(), left.data(), left.size());
        if (sent > 0) {
            left = left.subspan(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) return false;
        if (stop_.wait_for(port_->fd(), POLLOUT, deadline) != Ready::yes) return false;
    }
    return true;
}

Answer RtuLink::lost() {
    close();
    return {.kind = AnswerKind::lost, .detail = "the line or the connection is gone"};
}

// The outcome, as soon as the buffer holds one. Whole frames that answer something else are passed over.
template <class Look, class Take>
std::optional<Answer> RtuLink::judge(const Look& look, const Take& take) {
    for (;;) {
        const auto received = std::span<const std::uint8_t>(buffer_).first(filled_);
        const Frontier front = look(received);
        switch (front.kind) {
            case FrameKind::incomplete:
                return std::nullopt;
            case FrameKind::garbage:
                return Answer{.kind = AnswerKind::bad_frame, .detail = "not a frame, or a wrong checksum"};
            case FrameKind::stray:
                note_stray(stray_of(received));
                drop_front(front.size);
                break;
            case FrameKind::exception:
            case FrameKind::answer: {
                Answer answer{.kind = AnswerKind::data};
                if (front.kind == FrameKind::exception) {
                    answer = {.kind = AnswerKind::exception, .exception = received[2]};
                } else {
                    take(received.first(front.size));
                }
                drop_front(front.size);
                return answer;
            }
        }
    }
}

template <class Look, class Take>
Answer RtuLink::converse(std::span<const std::uint8_t> request, std::size_t answer_size, SteadySpan timeout,
                         const Look& look, const Take& take) {
    strays_.clear();
    if (!is_open()) return {.kind = AnswerKind::lost, .detail = "not connected"};
    if (!discard_waiting()) return lost();
    const auto wire_bytes = request.size() + answer_size;
    const auto deadline = steady_now() + timeout + port_->byte_time() * static_cast<int>(wire_bytes);
    if (!send(request, deadline)) return lost();
    for (;;) {
        switch (stop_.wait_for(port_->fd(), POLLIN, deadline)) {
            case Ready::stopped:
                return {.kind = AnswerKind::timeout, .detail = "stopping"};
            case Ready::timed_out:
                if (filled_ == 0) return {.kind = AnswerKind::timeout};
                filled_ = 0;
                return {.kind = AnswerKind::bad_frame, .detail = "the answer broke off"};
            case Ready::yes:
                break;
        }
        const auto received = receive();
        if (received == Received::closed) return lost();
        if (received == Received::nothing) continue;
        const auto answer = judge(look, take);
        if (!answer) continue;
        if (answer->kind == AnswerKind::bad_frame) discard_until_silent(deadline);
        note_discarded();
        return *answer;
    }
}

Answer RtuLink::read(const Question& question, SteadySpan timeout, std::span<std::uint16_t> words) {
    using Bytes = std::span<const std::uint8_t>;
    bool is_there = true;
    const auto look = [&](Bytes received) { return look_at_front(received, question); };
    const auto take = [&](Bytes frame) { is_there = unpack_answer(frame, question, words); };
    const auto answer =
        question.identity
            ? converse(encode_rtu_identity_request(question), rtu_longest_frame, timeout, look, take)
            : converse(encode_rtu_request(question), 5U + answer_bytes(question.table, question.count),
                       timeout, look, take);
    return is_there ? answer : no_such_object();
}

Answer RtuLink::write(const WriteRequest& request, SteadySpan timeout) {
    using Bytes = std::span<const std::uint8_t>;
    return converse(
        encode_rtu_write(request), rtu_request_size, timeout,
        [&](Bytes received) { return look_at_front(received, request); }, [](Bytes) {});
}

}  // namespace sitepower::modbus
