#include "drivers/schema/depth.hpp"

#include <cstddef>

namespace sitepower::schema {
namespace {

// Walks over the text and skips strings and comments. Where the text is not TOML the walk may go astray, but
// never before the place where the parser gives up.
class Scan {
  public:
    explicit Scan(std::string_view text, int limit) : text_(text), limit_(limit) {}

    std::optional<TooDeep> run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '#') {
                skip_comment();
            } else if (c == '"' || c == '\'') {
                skip_string(c);
            } else {
                count(c);
                if (open_ > limit_ || dots_ > limit_) return TooDeep{line_, int(at_ - line_start_) + 1};
                step();
            }
        }
        return std::nullopt;
    }

  private:
    void count(char c) {
        if (c == '[' || c == '{') ++open_;
        if ((c == ']' || c == '}') && open_ > 0) --open_;
        if (c == '.') ++dots_;
        if (c == '=' || c == ',' || c == '[' || c == '{' || c == '\n') dots_ = 0;
    }

    void step() {
        if (text_[at_] == '\n') {
            ++line_;
            line_start_ = at_ + 1;
        }
        ++at_;
    }

    void skip_comment() {
        while (at_ < text_.size() && text_[at_] != '\n') step();
    }

    bool at_triple(char quote) const {
        return at_ + 2 < text_.size() && text_[at_] == quote && text_[at_ + 1] == quote &&
               text_[at_ + 2] == quote;
    }

    void skip_string(char quote) {
        const bool multi_line = at_triple(quote);
        at_ += multi_line ? 3 : 1;
        while (at_ < text_.size()) {
            if (multi_line ? at_triple(quote) : text_[at_] == quote) {
                at_ += multi_line ? 3 : 1;
                return;
            }
            if (!multi_line && text_[at_] == '\n') return;
            if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) step();
            step();
        }
    }

    std::string_view text_;
    int limit_;
    std::size_t at_ = 0;
    std::size_t line_start_ = 0;
    int line_ = 1;
    int open_ = 0;
    int dots_ = 0;
};

}  // namespace

std::optional<TooDeep> find_too_deep(std::string_view text, int limit) {
    return Scan(text, limit).run();
}

}  // namespace sitepower::schema
