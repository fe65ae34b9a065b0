// A TOML document as a plain tree of values that know their place in the file. Reading never throws: whatever
// a file holds ends as a tree or as a diagnostic. The only user of toml++. Start-up and reload only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "drivers/schema/diagnostic.hpp"

namespace sitepower::schema {

struct Position {
    std::shared_ptr<const std::string> file;  // shared by all nodes of the file
    int line = 0;
    int column = 0;
};

Origin origin(const Position& position, std::string key);

struct Node;
struct Member;

struct Date {
    std::string text;  // as ISO 8601; also a TOML time of day, which no key takes
};
using List = std::vector<Node>;
using Members = std::vector<Member>;  // in the order of the file

struct Node {
    Position position;
    std::variant<bool, std::int64_t, double, std::string, Date, List, Members> value;

    const Members* members() const { return std::get_if<Members>(&value); }
    const List* list() const { return std::get_if<List>(&value); }
    const Node* find(std::string_view key) const;  // of a table; nullptr when there is none
};

struct Member {
    std::string key;
    Position position;  // of the key
    Node node;
};

// "a text", "an integer", "a list": how messages call what stands there.
std::string_view kind_name(const Node& node);
bool is_list_of_tables(const Node& node);  // and not empty

inline constexpr std::size_t max_document_bytes = 4U << 20;
inline constexpr int max_document_depth = 16;  // of brackets, and of dots in one key

// The text of a file of at most max_document_bytes, for those who need more than its document.
std::optional<std::string> read_text(const std::string& path, Diagnostics& diagnostics);

// `file` is the name used in messages. nullopt after an error, which is in `diagnostics`.
std::optional<Node> parse_document(std::string_view text, std::string_view file, Diagnostics& diagnostics);
std::optional<Node> read_document(const std::string& path, Diagnostics& diagnostics);

// The same text for the same values, wherever and in whatever order of keys they stand in a file: to tell
// whether something changed.
std::string canonical_text(const Node& node);

// Adds the members of `from` to `into`, both tables: tables merge, lists of tables append, anything else that
// both set is an error that names both places.
void merge(Node& into, Node&& from, Diagnostics& diagnostics);

}  // namespace sitepower::schema
