// A layout as bytes, for the table `streams`: what is equal as bytes is the same layout.
#pragma once

#include <memory>
#include <span>

#include "core/base/frame.hpp"
#include "daemon/store/bytes.hpp"

namespace sitepower {

Bytes pack_layout(const Layout& layout);
// Null: the bytes are not a layout.
std::shared_ptr<const Layout> unpack_layout(std::span<const std::uint8_t> data);

}  // namespace sitepower
