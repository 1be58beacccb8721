// The texts of the files in which a server keeps its configuration, beside the values in them: the
// static file (zoo.cfg) with the pointer to the dynamic one, and the dynamic one
// (facts/quorum-protocol.md section 14; upstream QuorumPeerConfig.editStaticConfig,
// writeDynamicConfig). Pure functions; touches no file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/quorum/ensemble.hpp"

namespace zoetrope::quorum {

// "zoo.cfg.dynamic.100000002" for a version of 0x100000002, and the file of the one to come.
std::string dynamic_file_name(std::string_view static_name, int64_t version);
std::string next_file_name(std::string_view static_name);
// The version at the end of a dynamic file's name; 0 where there is none.
int64_t version_of_file_name(std::string_view name);

// server, group and weight lines in the order of their text; the version stands in the name of the
// file. The file of the configuration to come says it in a line.
std::string dynamic_text(const Ensemble& ensemble, bool with_version);

// `text` without what a dynamic file says (and without the client port, when that file has it), and
// with a pointer to `dynamic_path` at its end. All other lines stay as they are, comments too,
// where upstream writes the keys anew in no order.
std::string edited_static_text(std::string_view text, std::string_view dynamic_path,
                               bool erase_client_port);
// The server, group and weight lines of a static file.
std::string member_lines_in(std::string_view static_text);
// Where the static file points to; nullopt: nowhere, its own lines count.
std::optional<std::string> dynamic_path_in(std::string_view static_text);

}  // namespace zoetrope::quorum
