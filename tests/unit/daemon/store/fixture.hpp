// What the tests of the store share: a directory that goes away, an observer that remembers, frames and
// messages that are easy to make and to compare.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/scaling.hpp"
#include "daemon/store/reader.hpp"
#include "daemon/store/store.hpp"
#include "tests/support/process.hpp"

namespace sitepower {

// As a string, which is how the store takes it.
class TemporaryDirectory {
  public:
    const std::string& path() const { return path_; }

  private:
    support::TemporaryDirectory directory_;
    std::string path_ = directory_.path().string();
};

class RecordingObserver : public StoreObserver {
  public:
    struct Condition {
        std::string type;
        bool holds;
        std::string message;
    };
    struct Gap {
        Time from;
        Time to;
        std::uint64_t frames;
    };

    void store_condition(std::string type, bool holds, std::string message) override {
        const std::lock_guard lock(mutex_);
        conditions_.push_back({std::move(type), holds, std::move(message)});
    }
    void readings_dropped(Time from, Time to, std::uint64_t frames) override {
        const std::lock_guard lock(mutex_);
        gaps_.push_back({from, to, frames});
    }
    void committed() override {
        const std::lock_guard lock(mutex_);
        ++commits_;
    }
    // How often somebody who asked for a commit was told of it.
    int commits() const {
        const std::lock_guard lock(mutex_);
        return commits_;
    }
    std::vector<Condition> conditions() const {
        const std::lock_guard lock(mutex_);
        return conditions_;
    }
    std::vector<Gap> gaps() const {
        const std::lock_guard lock(mutex_);
        return gaps_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<Condition> conditions_;
    std::vector<Gap> gaps_;
    int commits_ = 0;
};

inline bool eventually(const std::function<bool()>& condition) {
    return support::eventually(std::chrono::seconds(20), condition);
}

inline const Time test_start = from_ms(1'795'000'000'000);  // 2026-11-18

inline std::shared_ptr<const Layout> make_layout(const std::string& device, std::size_t points = 3) {
    Layout layout;
    layout.device = device;
    layout.group = "fast";
    layout.period = Duration{1000};
    for (std::size_t i = 0; i < points; ++i) {
        layout.points.push_back({"p" + std::to_string(i), "V", 0.001, 0});
    }
    return std::make_shared<const Layout>(std::move(layout));
}

inline FramePtr make_frame(std::shared_ptr<const Layout> layout, Time time, std::vector<std::int64_t> raw) {
    Frame frame;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const Scaling scaling(layout->points[i].scale, layout->points[i].offset);
        frame.values.push_back(scaling.value(static_cast<double>(raw[i])));
    }
    frame.quality.resize(raw.size(), Quality::good);
    frame.layout = std::move(layout);
    frame.time = time;
    return std::make_shared<const Frame>(std::move(frame));
}

inline std::shared_ptr<const Message> reading_message(const Epoch& epoch, std::uint64_t sequence,
                                                      std::uint64_t seq, FramePtr frame) {
    auto message = std::make_shared<Message>();
    message->key = epoch.key(sequence);
    message->epoch_bits = epoch.bits;
    message->seq = seq;
    message->topic = "device/" + frame->layout->device + "/readings";
    message->body = std::move(frame);
    return message;
}

inline std::shared_ptr<const Message> text_message(const Epoch& epoch, std::uint64_t sequence,
                                                   MessageKind kind, std::string topic, std::string body) {
    auto message = std::make_shared<Message>();
    message->key = epoch.key(sequence);
    message->epoch_bits = epoch.bits;
    message->seq = 1;
    message->kind = kind;
    message->topic = std::move(topic);
    message->retained = kind == MessageKind::state;
    if (kind == MessageKind::state) message->expiry = Duration{1'800'000};
    message->body = std::move(body);
    return message;
}

// All undelivered messages, read in batches of `limit`.
inline std::vector<std::shared_ptr<const Message>> read_outbox(const std::string& path,
                                                               std::size_t limit = 100) {
    std::vector<std::shared_ptr<const Message>> all;
    auto reader = Reader::open(path);
    if (!reader) return all;
    for (MessageKey after{0};;) {
        auto batch = (*reader)->outbox_batch(after, limit);
        if (!batch || batch->messages.empty()) return all;
        all.insert(all.end(), batch->messages.begin(), batch->messages.end());
        after = all.back()->key;
    }
}

inline void expect_same_frame(const Frame& a, const Frame& b) {
    EXPECT_EQ(a.time, b.time);
    EXPECT_EQ(a.clock_synchronised, b.clock_synchronised);
    EXPECT_EQ(a.quality, b.quality);
    ASSERT_EQ(a.values.size(), b.values.size());
    for (std::size_t i = 0; i < a.values.size(); ++i) {
        EXPECT_EQ(std::bit_cast<std::uint64_t>(a.values[i]), std::bit_cast<std::uint64_t>(b.values[i])) << i;
    }
}

inline void expect_same_message(const Message& a, const Message& b) {
    EXPECT_EQ(a.key, b.key);
    EXPECT_EQ(a.epoch_bits, b.epoch_bits);
    EXPECT_EQ(a.seq, b.seq);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.topic, b.topic);
    EXPECT_EQ(a.retained, b.retained);
    EXPECT_EQ(a.expiry, b.expiry);
    ASSERT_EQ(a.body.index(), b.body.index());
    if (const auto* frame = std::get_if<FramePtr>(&a.body)) {
        expect_same_frame(**frame, *std::get<FramePtr>(b.body));
    } else {
        EXPECT_EQ(std::get<std::string>(a.body), std::get<std::string>(b.body));
    }
}

}  // namespace sitepower
