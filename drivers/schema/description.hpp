// What a table of keys says about itself, without its types: the source of the reference page and of the JSON
// Schema. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/schema/rule.hpp"

namespace sitepower::schema {

enum class Nesting : std::uint8_t {
    value,         // key = value, or a list of values
    table,         // [key]
    tables,        // [[key]], any number
    named_tables,  // [key.NAME], the names chosen by the writer or from a list
    named_values,  // [key] with NAME = value
};

struct TableDescription;

struct KeyDescription {
    std::string name;
    std::string help;
    Nesting nesting = Nesting::value;
    ValueRule value;                      // of a value, and the limits of lists and of the number of names
    std::string default_value;            // as TOML; empty: none
    ValueRule names;                      // of named_tables and named_values: what a name must look like
    std::vector<TableDescription> table;  // exactly one for the nestings with tables
};

// A key that must not be there, although somebody may well try.
struct ForbiddenKey {
    std::string name;
    std::string why;  // ends the sentence "is refused: ..."
};

struct TableDescription {
    std::string title;  // "bus", "device profile"
    std::string help;
    std::vector<KeyDescription> keys;
    std::vector<ForbiddenKey> forbidden;
};

// A page in Markdown: each table with its keys, what they take, their defaults and what they are for.
std::string reference_page(const TableDescription& table, std::string_view title);

// As TOML.
std::string toml_text(bool value);
std::string toml_text(std::int64_t value);
std::string toml_text(double value);
std::string toml_text(const std::string& value);
std::string toml_text(const IntegerOrText& value);
std::string toml_text(Time value);

}  // namespace sitepower::schema
