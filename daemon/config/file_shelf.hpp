// Files of one kind that strings ask for by name (battery files, fade libraries), each loaded when first
// asked for. Lives only while a configuration is loaded, or while sitepower-lab runs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/schema/diagnostic.hpp"

namespace sitepower::config {

// Where the files lie. The first directory that has NAME.toml wins.
class NamedFiles {
  public:
    // kind: as people call such a file, "battery file".
    NamedFiles(std::string_view kind, std::vector<std::string> directories, schema::Diagnostics& diagnostics)
        : kind_(kind), directories_(std::move(directories)), diagnostics_(diagnostics) {}

    std::optional<std::string> path_of(const std::string& name) const;
    void report_missing(const std::string& name, const schema::Origin& wanted_at) const;
    void report_other_id(const std::string& path, const std::string& name, const std::string& id) const;
    schema::Diagnostics& diagnostics() const { return diagnostics_; }

  private:
    std::string_view kind_;
    std::vector<std::string> directories_;
    schema::Diagnostics& diagnostics_;
};

// The text of a file and what tells it from another; nullopt after an error.
struct FileText {
    std::string text;
    std::uint64_t fingerprint = 0;
};
std::optional<FileText> read_file(const std::string& path, schema::Diagnostics& diagnostics);
// Of all fingerprints by name.
std::uint64_t fingerprint_of(const std::map<std::string, std::uint64_t>& files);

template <class Content>
class FileShelf {
  public:
    // What a file holds, by the id that it gives itself; no content after an error.
    struct Parsed {
        std::string id;
        std::shared_ptr<const Content> content;
    };
    using Parser = Parsed (*)(const std::string& text, const std::string& path,
                              schema::Diagnostics& diagnostics);

    FileShelf(std::string_view kind, Parser parse, std::vector<std::string> directories,
              schema::Diagnostics& diagnostics)
        : files_(kind, std::move(directories), diagnostics), parse_(parse) {}

    bool has(const std::string& name) const { return files_.path_of(name).has_value(); }

    // nullptr after an error; the errors of a wrong file are told once, however many strings use it.
    std::shared_ptr<const Content> find(const std::string& name, const schema::Origin& wanted_at) {
        const auto found = loaded_.find(name);
        if (found != loaded_.end()) return found->second;
        const auto path = files_.path_of(name);
        if (!path) {
            files_.report_missing(name, wanted_at);
            return nullptr;
        }
        return loaded_.emplace(name, load(name, *path)).first->second;
    }

    // Of all files that were asked for.
    std::uint64_t fingerprint() const { return fingerprint_of(fingerprints_); }

  private:
    std::shared_ptr<const Content> load(const std::string& name, const std::string& path) {
        const auto file = read_file(path, files_.diagnostics());
        fingerprints_[name] = file ? file->fingerprint : 0;
        if (!file) return nullptr;
        auto parsed = parse_(file->text, path, files_.diagnostics());
        if (!parsed.content || parsed.id == name) return std::move(parsed.content);
        files_.report_other_id(path, name, parsed.id);
        return nullptr;
    }

    NamedFiles files_;
    Parser parse_;
    std::map<std::string, std::shared_ptr<const Content>> loaded_;
    std::map<std::string, std::uint64_t> fingerprints_;
};

}  // namespace sitepower::config
