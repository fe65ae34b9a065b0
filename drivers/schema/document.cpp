#include "drivers/schema/document.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

#include "drivers/schema/depth.hpp"

namespace sitepower::schema {
namespace {

static_assert(max_document_bytes == 4U << 20);
constexpr const char* too_large = "is larger than 4 MiB";

using File = std::shared_ptr<const std::string>;

Position position_of(const File& file, const toml::source_region& region) {
    return {file, int(region.begin.line), int(region.begin.column)};
}

template <class T>
std::string text_of(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

Node convert(const File& file, const toml::node& node);

Members convert_table(const File& file, const toml::table& table) {
    Members members;
    members.reserve(table.size());
    for (const auto& [key, node] : table) {
        members.push_back({std::string(key.str()), position_of(file, key.source()), convert(file, node)});
    }
    const auto place = [](const Member& m) { return std::pair(m.position.line, m.position.column); };
    std::stable_sort(members.begin(), members.end(),
                     [&](const Member& a, const Member& b) { return place(a) < place(b); });
    return members;
}

List convert_array(const File& file, const toml::array& array) {
    List list;
    list.reserve(array.size());
    for (const auto& node : array) list.push_back(convert(file, node));
    return list;
}

Node convert(const File& file, const toml::node& node) {
    Node result{position_of(file, node.source()), false};
    node.visit([&](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (toml::is_table<Value>) {
            result.value = convert_table(file, value);
        } else if constexpr (toml::is_array<Value>) {
            result.value = convert_array(file, value);
        } else if constexpr (toml::is_date<Value> || toml::is_time<Value> || toml::is_date_time<Value>) {
            result.value = Date{text_of(value.get())};
        } else {
            result.value = value.get();
        }
    });
    return result;
}

}  // namespace

Origin origin(const Position& position, std::string key) {
    return {position.file ? *position.file : "", position.line, position.column, std::move(key)};
}

const Node* Node::find(std::string_view key) const {
    const auto* table = members();
    if (!table) return nullptr;
    const auto found =
        std::find_if(table->begin(), table->end(), [&](const Member& m) { return m.key == key; });
    return found == table->end() ? nullptr : &found->node;
}

std::string_view kind_name(const Node& node) {
    constexpr std::string_view names[] = {"true or false", "an integer", "a number", "a text",
                                          "a date",        "a list",     "a table"};
    return is_list_of_tables(node) ? "a list of tables" : names[node.value.index()];
}

bool is_list_of_tables(const Node& node) {
    const auto* list = node.list();
    return list && !list->empty() && std::all_of(list->begin(), list->end(), [](const Node& item) {
               return item.members() != nullptr;
           });
}

std::optional<Node> parse_document(std::string_view text, std::string_view file, Diagnostics& diagnostics) {
    const auto name = std::make_shared<const std::string>(file);
    if (text.size() > max_document_bytes) {
        diagnostics.add({*name, 0, 0, ""}, too_large);
        return std::nullopt;
    }
    if (const auto deep = find_too_deep(text, max_document_depth)) {
        diagnostics.add({*name, deep->line, deep->column, ""},
                        fmt::format("nests deeper than {} levels", max_document_depth));
        return std::nullopt;
    }
    try {
        return convert(name, toml::parse(text, *name));
    } catch (const toml::parse_error& error) {
        const auto at = position_of(name, error.source());
        diagnostics.add(origin(at, ""), "is not valid TOML: " + std::string(error.description()));
        return std::nullopt;
    }
}

namespace {

// Closed when it goes out of scope.
struct OpenFile {
    explicit OpenFile(int descriptor) : fd(descriptor) {}
    ~OpenFile() {
        if (fd >= 0) ::close(fd);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    int fd;
};

std::nullopt_t cannot_read(const std::string& path, std::string_view what, Diagnostics& diagnostics) {
    diagnostics.add({path, 0, 0, ""}, std::string(what));
    return std::nullopt;
}

}  // namespace

std::optional<std::string> read_text(const std::string& path, Diagnostics& diagnostics) {
    // A pipe that nobody writes to would keep its reader for ever.
    const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (file.fd < 0 || ::fstat(file.fd, &status) != 0) {
        return cannot_read(path, "cannot be opened: " + std::generic_category().message(errno), diagnostics);
    }
    if (!S_ISREG(status.st_mode)) {
        return cannot_read(path, "cannot be read: it is no regular file; put a file in its place",
                           diagnostics);
    }
    std::string text;
    std::array<char, 16 * 1024> part{};
    while (text.size() <= max_document_bytes) {
        const auto count = ::read(file.fd, part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            return cannot_read(path, "cannot be read: " + std::generic_category().message(errno),
                               diagnostics);
        }
        if (count == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(count));
    }
    return cannot_read(path, too_large, diagnostics);
}

std::optional<Node> read_document(const std::string& path, Diagnostics& diagnostics) {
    const auto text = read_text(path, diagnostics);
    return text ? parse_document(*text, path, diagnostics) : std::nullopt;
}

namespace {

void append_quoted(std::string_view text, std::string& out) {
    // The length tells where the text ends, whatever it holds.
    out += fmt::format("{}:{}", text.size(), text);
}

void append_canonical(const Node& node, std::string& out) {
    if (const auto* table = node.members()) {
        std::vector<const Member*> sorted;
        for (const auto& member : *table) sorted.push_back(&member);
        std::sort(sorted.begin(), sorted.end(),
                  [](const Member* a, const Member* b) { return a->key < b->key; });
        out += '{';
        for (const auto* member : sorted) {
            append_quoted(member->key, out);
            append_canonical(member->node, out);
        }
        out += '}';
    } else if (const auto* list = node.list()) {
        out += '[';
        for (const auto& item : *list) append_canonical(item, out);
        out += ']';
    } else if (const auto* text = std::get_if<std::string>(&node.value)) {
        append_quoted(*text, out);
    } else if (const auto* date = std::get_if<Date>(&node.value)) {
        append_quoted(date->text, out);
    } else if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
        out += fmt::format("i{};", *integer);
    } else if (const auto* number = std::get_if<double>(&node.value)) {
        out += fmt::format("n{};", *number);
    } else {
        out += std::get<bool>(node.value) ? "true;" : "false;";
    }
}

}  // namespace

std::string canonical_text(const Node& node) {
    std::string text;
    append_canonical(node, text);
    return text;
}

namespace {

void merge_members(const std::string& path, Members& into, Members&& from, Diagnostics& diagnostics);

void merge_member(const std::string& key, Member& into, Member&& from, Diagnostics& diagnostics) {
    auto* table = std::get_if<Members>(&into.node.value);
    if (table && from.node.members()) {
        merge_members(key, *table, std::move(std::get<Members>(from.node.value)), diagnostics);
    } else if (is_list_of_tables(into.node) && is_list_of_tables(from.node)) {
        auto& list = std::get<List>(into.node.value);
        auto& more = std::get<List>(from.node.value);
        list.insert(list.end(), std::move_iterator(more.begin()), std::move_iterator(more.end()));
    } else {
        diagnostics.add(origin(from.position, key),
                        fmt::format("is set already in {}:{}:{}", *into.position.file, into.position.line,
                                    into.position.column));
    }
}

void merge_members(const std::string& path, Members& into, Members&& from, Diagnostics& diagnostics) {
    for (auto& member : from) {
        const auto found =
            std::find_if(into.begin(), into.end(), [&](const Member& m) { return m.key == member.key; });
        if (found == into.end()) {
            into.push_back(std::move(member));
        } else {
            const auto key = path.empty() ? member.key : path + '.' + member.key;
            merge_member(key, *found, std::move(member), diagnostics);
        }
    }
}

}  // namespace

void merge(Node& into, Node&& from, Diagnostics& diagnostics) {
    merge_members("", std::get<Members>(into.value), std::move(std::get<Members>(from.value)), diagnostics);
}

}  // namespace sitepower::schema
