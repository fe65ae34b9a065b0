// A table of keys: each row binds a key of a TOML table to a member of a struct, with its range, format and
// help. From this one table come reading, checking (all errors at once), the reference page and the JSON
// Schema. Built and used at start-up and reload; immutable once built, so that threads may share one.
//
//     const Table<Broker> table = Table<Broker>("broker", "How to reach the broker.")
//         .key("host", &Broker::host, {.format = Format::host, .required = true}, "Name or address.")
//         .key("port", &Broker::port, {.range = Range{1, 65535}}, "TCP port.");
//
// Types of members: bool, integers, double, std::string, Duration (an integer; the key's name ends with its
// unit, as in "timeout_ms"), Time (a date), IntegerOrText, and optional<> and vector<> of these. The default
// of a key is what a T{} holds.
#pragma once

#include <cassert>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "drivers/schema/description.hpp"
#include "drivers/schema/diagnostic.hpp"
#include "drivers/schema/document.hpp"
#include "drivers/schema/rule.hpp"

namespace sitepower::schema {

namespace detail {

template <class V>
inline constexpr bool is_optional = false;
template <class V>
inline constexpr bool is_optional<std::optional<V>> = true;
template <class V>
inline constexpr bool is_list = false;
template <class V>
inline constexpr bool is_list<std::vector<V>> = true;

// std::vector<V> and std::optional<V> to V.
template <class V>
struct Item {
    using Type = V;
};
template <class V>
struct Item<std::vector<V>> : Item<V> {};
template <class V>
struct Item<std::optional<V>> : Item<V> {};

template <class V>
constexpr ValueType value_type() {
    if constexpr (std::is_same_v<V, bool>) return ValueType::boolean;
    if constexpr (std::is_same_v<V, double>) return ValueType::number;
    if constexpr (std::is_same_v<V, std::string>) return ValueType::text;
    if constexpr (std::is_same_v<V, Time>) return ValueType::date;
    if constexpr (std::is_same_v<V, IntegerOrText>) return ValueType::integer_or_text;
    static_assert(std::is_arithmetic_v<V> || std::is_same_v<V, Duration> || std::is_same_v<V, std::string> ||
                      std::is_same_v<V, Time> || std::is_same_v<V, IntegerOrText>,
                  "no key can be bound to a member of this type");
    return ValueType::integer;
}

// The rule as written, narrowed to what the member can hold. Throws std::logic_error for a Duration key
// without a unit in its name.
template <class Member>
ValueRule value_rule(const std::string& name, Rule rule) {
    using V = typename Item<Member>::Type;
    ValueRule result{value_type<V>(), is_list<Member>, "", std::move(rule)};
    if constexpr (std::is_same_v<V, Duration>) {
        const auto unit = duration_unit(name);
        if (!unit) throw std::logic_error("the name of " + name + " must end with a unit of time");
        result.unit = unit->name;
        if (!result.rule.range) result.rule.range = Range{0, 1e9};
    } else if constexpr (std::is_integral_v<V> && !std::is_same_v<V, bool>) {
        using Limits = std::numeric_limits<V>;
        auto& range = result.rule.range;
        if (!range && sizeof(V) < 8) range = Range{double(Limits::min()), double(Limits::max())};
        if (!range && std::is_unsigned_v<V>) range = Range{0, std::numeric_limits<double>::infinity()};
        if (range && (range->minimum < double(Limits::min()) || range->maximum > double(Limits::max())) &&
            !(sizeof(V) == 8)) {
            throw std::logic_error("the range of " + name + " exceeds its member");
        }
    }
    return result;
}

template <class V>
bool read_scalar(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                 V& out) {
    if constexpr (std::is_same_v<V, Duration> || (std::is_integral_v<V> && !std::is_same_v<V, bool>)) {
        std::int64_t value = 0;
        if (!read_value(node, path, rule, diagnostics, value)) return false;
        if constexpr (std::is_same_v<V, Duration>) {
            out = Duration(value * duration_unit("_" + rule.unit)->milliseconds);
        } else {
            out = static_cast<V>(value);
        }
        return true;
    } else {
        return read_value(node, path, rule, diagnostics, out);
    }
}

// Checks the number of items too. nullptr after an error.
const List* list_of(const Node& node, const std::string& path, const ValueRule& rule,
                    Diagnostics& diagnostics);

template <class Member>
void read_member(const Node& node, const std::string& path, const ValueRule& rule, Diagnostics& diagnostics,
                 Member& out) {
    using V = typename Item<Member>::Type;
    if constexpr (is_list<Member>) {
        const auto* list = list_of(node, path, rule, diagnostics);
        if (!list) return;
        out.clear();
        for (std::size_t i = 0; i < list->size(); ++i) {
            V item{};
            const auto item_path = path + '[' + std::to_string(i + 1) + ']';
            if (read_scalar((*list)[i], item_path, rule, diagnostics, item)) out.push_back(std::move(item));
        }
    } else {
        V value{};
        if (read_scalar(node, path, rule, diagnostics, value)) out = std::move(value);
    }
}

template <class Member>
std::string default_text(const Member& member, const ValueRule& rule) {
    if constexpr (is_optional<Member>) {
        return member ? default_text(*member, rule) : "";
    } else if constexpr (is_list<Member>) {
        std::string text;
        for (const auto& item : member) text += (text.empty() ? "" : ", ") + default_text(item, rule);
        return "[" + text + "]";
    } else if constexpr (std::is_same_v<Member, Duration>) {
        return toml_text(std::int64_t{member.count() / duration_unit("_" + rule.unit)->milliseconds});
    } else if constexpr (std::is_integral_v<Member> && !std::is_same_v<Member, bool>) {
        return toml_text(static_cast<std::int64_t>(member));
    } else {
        return toml_text(member);
    }
}

// Reports every member of `node` that is not among the keys.
void report_unknown_keys(const Node& node, const std::string& path, const TableDescription& table,
                         Diagnostics& diagnostics);
void report_missing(const Origin& table, const KeyDescription& key, Diagnostics& diagnostics);
// nullptr, with an error, when `node` is no table, or no list of tables.
const Members* table_of(const Node& node, const std::string& path, Diagnostics& diagnostics);
const List* tables_of(const Node& node, const std::string& path, const ValueRule& rule,
                      Diagnostics& diagnostics);
// True when the name of a member may stand in a table of names; else an error.
bool name_fits(const Member& member, const std::string& path, const ValueRule& names,
               Diagnostics& diagnostics);
bool count_fits(const Node& node, const Members& members, const std::string& path, const ValueRule& rule,
                Diagnostics& diagnostics);
std::string child_path(const std::string& path, std::string_view key);

}  // namespace detail

template <class E>
struct Choice {
    std::string word;
    E value;
};

template <class T>
class Table {
  public:
    Table(std::string title, std::string help) : description_{std::move(title), std::move(help), {}, {}} {}

    // A value, or a list of values.
    template <class Member, class Owner>
    Table& key(std::string name, Member Owner::*member, Rule rule, std::string help) {
        auto value = detail::value_rule<Member>(name, std::move(rule));
        KeyDescription key{std::move(name),
                           std::move(help),
                           Nesting::value,
                           value,
                           detail::default_text(T{}.*member, value),
                           {},
                           {}};
        return add(std::move(key),
                   [member, value](const Node& node, const std::string& path, T& out, Diagnostics& d) {
                       detail::read_member(node, path, value, d, out.*member);
                   });
    }

    // A word that stands for a value of an enum, or of any other type.
    template <class E, class Owner>
    Table& choice(std::string name, E Owner::*member,
                  std::vector<Choice<typename detail::Item<E>::Type>> choices, std::string help,
                  bool required = false) {
        ValueRule value{ValueType::text, false, "", Rule{.required = required}};
        std::string default_value;
        const T initial{};
        for (const auto& choice : choices) {
            value.rule.choices.push_back(choice.word);
            if (initial.*member == choice.value) default_value = toml_text(choice.word);
        }
        KeyDescription key{std::move(name), std::move(help), Nesting::value, value, default_value, {}, {}};
        return add(std::move(key), [member, value, choices = std::move(choices)](
                                       const Node& node, const std::string& path, T& out, Diagnostics& d) {
            std::string word;
            if (!read_value(node, path, value, d, word)) return;
            for (const auto& choice : choices) {
                if (choice.word == word) out.*member = choice.value;
            }
        });
    }

    // [name]: a struct, or an optional one that is empty when the file has no such table.
    template <class Member, class Owner, class U>
    Table& table(std::string name, Member Owner::*member, Table<U> inner, Rule rule, std::string help) {
        KeyDescription key{std::move(name),      std::move(help), Nesting::table, {}, "", {},
                           {inner.description()}};
        key.value.rule = std::move(rule);
        return add(std::move(key), [member, inner = std::move(inner)](
                                       const Node& node, const std::string& path, T& out, Diagnostics& d) {
            if constexpr (detail::is_optional<Member>) {
                inner.read(node, path, (out.*member).emplace(), d);
            } else {
                inner.read(node, path, out.*member, d);
            }
        });
    }

    // [[name]]
    template <class U, class Owner>
    Table& tables(std::string name, std::vector<U> Owner::*member, Table<U> inner, Rule rule,
                  std::string help) {
        KeyDescription key{std::move(name),      std::move(help), Nesting::tables, {}, "", {},
                           {inner.description()}};
        key.value.rule = std::move(rule);
        const auto value = key.value;
        return add(std::move(key), [member, value, inner = std::move(inner)](
                                       const Node& node, const std::string& path, T& out, Diagnostics& d) {
            const auto* list = detail::tables_of(node, path, value, d);
            if (!list) return;
            (out.*member).clear();
            (out.*member).resize(list->size());
            for (std::size_t i = 0; i < list->size(); ++i) {
                inner.read((*list)[i], path + '[' + std::to_string(i + 1) + ']', (out.*member)[i], d);
            }
        });
    }

    // [name.NAME]: one U per name, in the order of the file; NAME goes to the member `label`.
    template <class U, class Owner, class LabelOwner>
    Table& named_tables(std::string name, std::vector<U> Owner::*member, std::string LabelOwner::*label,
                        Table<U> inner, Rule names, std::string help) {
        KeyDescription key{std::move(name),
                           std::move(help),
                           Nesting::named_tables,
                           {},
                           "",
                           {ValueType::text, false, "", std::move(names)},
                           {inner.description()}};
        key.value.rule.max_items = key.names.rule.max_items;
        const auto name_rule = key.names;
        return add(std::move(key), [member, label, name_rule, inner = std::move(inner)](
                                       const Node& node, const std::string& path, T& out, Diagnostics& d) {
            const auto* members = detail::table_of(node, path, d);
            if (!members || !detail::count_fits(node, *members, path, name_rule, d)) return;
            (out.*member).clear();
            for (const auto& entry : *members) {
                if (!detail::name_fits(entry, path, name_rule, d)) continue;
                auto& value = (out.*member).emplace_back();
                inner.read(entry.node, detail::child_path(path, entry.key), value, d);
                value.*label = entry.key;
            }
        });
    }

    // [name] with NAME = value, in the order of the file.
    template <class V, class Owner>
    Table& named_values(std::string name, std::vector<std::pair<std::string, V>> Owner::*member, Rule names,
                        Rule rule, std::string help) {
        auto value = detail::value_rule<V>(name, std::move(rule));
        KeyDescription key{std::move(name),
                           std::move(help),
                           Nesting::named_values,
                           value,
                           "",
                           {ValueType::text, false, "", std::move(names)},
                           {}};
        const auto name_rule = key.names;
        return add(std::move(key), [member, value, name_rule](const Node& node, const std::string& path,
                                                              T& out, Diagnostics& d) {
            const auto* members = detail::table_of(node, path, d);
            if (!members || !detail::count_fits(node, *members, path, name_rule, d)) return;
            (out.*member).clear();
            for (const auto& entry : *members) {
                if (!detail::name_fits(entry, path, name_rule, d)) continue;
                auto& pair = (out.*member).emplace_back(entry.key, V{});
                detail::read_member(entry.node, detail::child_path(path, entry.key), value, d, pair.second);
            }
        });
    }

    // A key that is refused with an explanation, whatever its value, which is not repeated.
    Table& forbidden(std::string name, std::string why) {
        description_.forbidden.push_back({std::move(name), std::move(why)});
        return *this;
    }

    // Fills `member` with the places of the table and of its keys.
    template <class Owner>
    Table& origins(Origins Owner::*member) {
        origins_ = [member](T& out, const Origins& origins) { out.*member = origins; };
        return *this;
    }

    // A condition on several keys together; runs when each of them by itself is right. Rows may be added in
    // any order, conditions run in theirs.
    Table& check(std::function<void(const T&, Diagnostics&)> condition) {
        checks_.push_back(std::move(condition));
        return *this;
    }

    const TableDescription& description() const { return description_; }

    // Reads `node` over the defaults that `out` holds. Every error is added to `diagnostics`; `out` then
    // keeps its default for that key.
    void read(const Node& node, const std::string& path, T& out, Diagnostics& diagnostics) const {
        if (!detail::table_of(node, path, diagnostics)) return;
        const auto before = diagnostics.total();
        Origins origins(origin(node.position, path));
        detail::report_unknown_keys(node, path, description_, diagnostics);
        for (std::size_t i = 0; i < rows_.size(); ++i) read_row(i, node, path, out, origins, diagnostics);
        if (origins_) origins_(out, origins);
        if (diagnostics.total() != before) return;
        for (const auto& condition : checks_) condition(out, diagnostics);
    }

    T read(const Node& node, Diagnostics& diagnostics) const {
        T out{};
        read(node, "", out, diagnostics);
        return out;
    }

  private:
    using Row = std::function<void(const Node&, const std::string& path, T&, Diagnostics&)>;

    // Throws std::logic_error for a row that a reader of the page could not use.
    Table& add(KeyDescription key, Row row) {
        if (key.name.empty() || key.help.empty())
            throw std::logic_error("a key needs a name and a help text");
        for (const auto& other : description_.keys) {
            if (other.name == key.name)
                throw std::logic_error("the key " + key.name + " stands in the table twice");
        }
        description_.keys.push_back(std::move(key));
        rows_.push_back(std::move(row));
        return *this;
    }

    void read_row(std::size_t i, const Node& node, const std::string& path, T& out, Origins& origins,
                  Diagnostics& diagnostics) const {
        const auto& key = description_.keys[i];
        const auto* members = node.members();
        for (const auto& member : *members) {
            if (member.key != key.name) continue;
            const auto key_path = detail::child_path(path, key.name);
            origins.add(key.name, origin(member.position, key_path));
            rows_[i](member.node, key_path, out, diagnostics);
            return;
        }
        if (key.value.rule.required) detail::report_missing(origin(node.position, path), key, diagnostics);
    }

    TableDescription description_;
    std::vector<Row> rows_;  // by the position of their key in description_.keys
    std::function<void(T&, const Origins&)> origins_;
    std::vector<std::function<void(const T&, Diagnostics&)>> checks_;
};

}  // namespace sitepower::schema
