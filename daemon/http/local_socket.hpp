// The Unix socket that operators' programs connect to. Opened once by the app, loop thread.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace sitepower {

// A listening socket at `path`, mode 0666: everybody may connect, and their role decides what they may do.
// A socket that a dead process left behind is replaced; CONFLICT when somebody still answers there, and an
// Error that names path and cause when it cannot be made. The caller closes the descriptor.
Result<int> open_local_socket(const std::string& path);

}  // namespace sitepower
