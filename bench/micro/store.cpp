// Packing frames of 98 values for the disk, and back.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/harness/frames.hpp"
#include "daemon/store/frame_codec.hpp"

namespace sitepower::bench {
namespace {

constexpr std::size_t frames = 1000;
constexpr RunStart start{};

std::vector<FramePtr> some_frames(FrameSource& source) {
    std::vector<FramePtr> result(frames);
    for (auto& frame : result) {
        frame = source.next();
    }
    return result;
}

Bytes pack(const FrameSource& source, const std::vector<FramePtr>& from) {
    Bytes bytes;
    ByteWriter out(bytes);
    FramePacker packer(*source.layout(), start);
    std::int64_t number = 0;
    for (const auto& frame : from) {
        ++number;
        packer.pack(MessageKey{number}, static_cast<std::uint64_t>(number), *frame, out);
    }
    return bytes;
}

void pack_frame(benchmark::State& state) {
    FrameSource source;
    const auto from = some_frames(source);
    std::size_t size = 0;
    for (auto _ : state) {
        size = pack(source, from).size();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(frames));
    state.counters["bytes/frame"] = static_cast<double>(size) / frames;
}
BENCHMARK(pack_frame);

void unpack_frame(benchmark::State& state) {
    FrameSource source;
    const auto bytes = pack(source, some_frames(source));
    StoredFrame frame;
    for (auto _ : state) {
        ByteReader in(bytes);
        FrameUnpacker unpacker(*source.layout(), start);
        for (std::size_t i = 0; i < frames; ++i) {
            if (!unpacker.unpack(in, frame)) {
                state.SkipWithError("what was packed cannot be unpacked");
                return;
            }
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(frames));
}
BENCHMARK(unpack_frame);

}  // namespace
}  // namespace sitepower::bench
