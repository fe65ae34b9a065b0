// What is wrong with a file that a person wrote: where, which key, and what would be right. All errors of a
// run are collected, up to a limit, before anything is refused. Start-up and reload only; one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sitepower::schema {

// A place in a file and the path of the key that stands there.
struct Origin {
    std::string file;
    int line = 0;     // from 1; 0 stands for the file as a whole
    int column = 0;   // from 1
    std::string key;  // "bus[2].port": the second [[bus]]; empty where no key is concerned
};

struct Diagnostic {
    Origin at;
    std::string message;
};

// "file:line:column: key: message", without the parts that are not known.
std::string to_string(const Diagnostic& diagnostic);

class Diagnostics {
  public:
    // limit: how many are kept; those beyond it are only counted.
    explicit Diagnostics(std::size_t limit = 100) : limit_(limit) {}

    void add(Origin at, std::string message);

    bool empty() const { return total_ == 0; }
    std::size_t total() const { return total_; }
    std::size_t omitted() const { return total_ - kept_.size(); }
    // By file, line and column.
    std::vector<Diagnostic> sorted() const;

  private:
    std::size_t limit_;
    std::size_t total_ = 0;
    std::vector<Diagnostic> kept_;
};

// The places of a table and of its keys: for checks that come after reading, such as a reference to something
// that is not there. A table that reads into a struct fills the struct's Origins member.
class Origins {
  public:
    Origins() = default;
    explicit Origins(Origin table) : table_(std::move(table)) {}

    void add(std::string name, Origin at) { keys_.emplace_back(std::move(name), std::move(at)); }

    // Where the key stands; for a key that the file leaves out, the table with the key's path.
    Origin of(std::string_view name) const;
    const Origin& table() const { return table_; }
    bool has(std::string_view name) const;  // the file sets it

  private:
    Origin table_;
    std::vector<std::pair<std::string, Origin>> keys_;
};

}  // namespace sitepower::schema
