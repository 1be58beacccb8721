// What the machine says about this process: open files, memory, and the lines of the `envi`
// command. Owns nothing.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/node/input.hpp"

namespace zoetrope::net {

node::HostFacts read_host_facts();

// "host.name", "os.name" ... in upstream's order (org.apache.zookeeper.Environment), as far as they
// mean something without a Java virtual machine.
std::vector<std::pair<std::string, std::string>> environment_lines(const std::string& version);

// Lets the process open as many files as the hard limit permits, as Java does.
void raise_open_files_limit();

}  // namespace zoetrope::net
