#include "net/host_facts.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace zoetrope::net {

namespace {

// Newer kernels tell the number of open files as the size of the directory; walking it takes
// milliseconds with ten thousand connections.
int64_t open_files() {
  constexpr const char* kPath = "/proc/self/fd";
  struct stat info{};
  if (::stat(kPath, &info) == 0 && info.st_size > 0) return info.st_size;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(kPath), ::closedir);
  if (directory == nullptr) return -1;
  int64_t count = -1;  // the walk's own descriptor
  while (const dirent* entry = ::readdir(directory.get())) count += entry->d_name[0] != '.';
  return count;
}

int64_t resident_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                             std::fclose);
  long total = 0, resident = 0;
  if (file == nullptr || std::fscanf(file.get(), "%ld %ld", &total, &resident) != 2) return -1;
  return int64_t{resident} * ::sysconf(_SC_PAGESIZE);
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "<NA>" : value;
}

}  // namespace

node::HostFacts read_host_facts() {
  node::HostFacts facts;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  facts.open_files = open_files();
  facts.open_files_max = static_cast<int64_t>(limit.rlim_cur);
  facts.resident_bytes = resident_bytes();
  return facts;
}

std::vector<std::pair<std::string, std::string>> environment_lines(const std::string& version) {
  char host[256] = "<NA>";
  ::gethostname(host, sizeof host - 1);
  char directory[4096];
  const char* working_directory = ::getcwd(directory, sizeof directory);
  utsname system{};
  ::uname(&system);
  return {{"zookeeper.version", version},
          {"host.name", host},
          {"os.name", system.sysname},
          {"os.arch", system.machine},
          {"os.version", system.release},
          {"user.name", variable("USER")},
          {"user.home", variable("HOME")},
          {"user.dir", working_directory == nullptr ? "<NA>" : working_directory}};
}

void raise_open_files_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace zoetrope::net
