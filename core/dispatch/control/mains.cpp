#include "core/dispatch/control/mains.hpp"

namespace sitepower::dispatch {

bool MainsWatch::update(Mains mains, Duration now) {
    bool are_out = mains == Mains::failed;
    if (mains != Mains::unknown) {
        unknown_since_.reset();
    } else {
        if (!unknown_since_) unknown_since_ = now;
        are_out = are_out_ || now - *unknown_since_ >= patience;
    }
    if (are_out) back_at_.reset();
    if (are_out_ && !are_out) back_at_ = now;
    are_out_ = are_out;
    return are_out;
}

}  // namespace sitepower::dispatch
