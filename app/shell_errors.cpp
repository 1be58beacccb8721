// Sentences for what went wrong, in zkCli's words, and the checks made before a server is asked.
#include <algorithm>

#include "app/shell_commands.hpp"

namespace zoetrope::app {
namespace {

// Upstream: KeeperException.getCodeMessage, where it differs from the code's name.
std::string code_text(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk: return "ok";
    case ErrorCode::kNotEmpty: return "Directory not empty";
    case ErrorCode::kSessionExpired: return "Session expired";
    case ErrorCode::kInvalidCallback: return "Invalid callback";
    case ErrorCode::kSessionMoved: return "Session moved";
    case ErrorCode::kNotReadOnly: return "Not a read-only call";
    case ErrorCode::kEphemeralOnLocalSession: return "Ephemeral node on local session";
    case ErrorCode::kNoWatcher: return "No such watcher";
    case ErrorCode::kReconfigDisabled: return "Reconfig is disabled";
    case ErrorCode::kSessionClosedRequireSaslAuth:
      return "Session closed because client failed to authenticate";
    case ErrorCode::kQuotaExceeded: return "Quota has exceeded";
    case ErrorCode::kThrottledOp: return "Op throttled due to high load";
    default: return std::string(to_string(code));
  }
}

// Upstream: CliWrapperException; nullptr where it has no sentence of its own.
const char* sentence_before_path(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNoNode: return "Node does not exist: ";
    case ErrorCode::kNoChildrenForEphemerals: return "Ephemerals cannot have children: ";
    case ErrorCode::kNodeExists: return "Node already exists: ";
    case ErrorCode::kNotEmpty: return "Node not empty: ";
    case ErrorCode::kNotReadOnly: return "Not a read-only call: ";
    case ErrorCode::kInvalidAcl: return "Acl is not valid : ";
    case ErrorCode::kNoAuth: return "Insufficient permission : ";
    case ErrorCode::kBadArguments: return "Arguments are not valid : ";
    case ErrorCode::kBadVersion: return "version No is not valid : ";
    case ErrorCode::kQuotaExceeded: return "Quota has exceeded : ";
    default: return nullptr;
  }
}

// The next code point of UTF-8 text, moving `at`; 0xfffd for what is malformed.
uint32_t next_code_point(std::string_view text, size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (more == 0) return 0xfffd;
  uint32_t code = first & (0x3f >> more);
  for (int i = 0; i < more; ++i, ++at) {
    if (at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) return 0xfffd;
    code = code << 6 | (static_cast<unsigned char>(text[at]) & 0x3f);
  }
  return code;
}

bool forbidden(uint32_t code) {
  return code <= 0x1f || (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && code <= 0xf8ff) ||
         code >= 0xfff0;
}

// Why a path with a good beginning and end is refused, or nothing. `@N` counts characters.
std::string reason_against(const std::string& path) {
  size_t characters = 1;
  for (size_t at = 1; at < path.size(); ++characters) {
    const size_t begin = at;
    const uint32_t code = next_code_point(path, at);
    const std::string where = " @" + std::to_string(characters);
    if (code == 0) return "null character not allowed" + where;
    if (code == '/' && path[begin - 1] == '/') return "empty node name specified" + where;
    if (forbidden(code)) return "invalid character" + where;
    if (code != '.' || (at < path.size() && path[at] != '/')) continue;
    // A component ends here with a dot: "." and ".." are no names.
    const size_t slash = path.rfind('/', begin);
    const std::string component = path.substr(slash + 1, at - slash - 1);
    if (component == "." || component == "..") return "relative paths not allowed" + where;
  }
  return {};
}

CommandError path_error(const std::string& message) {
  return {"BadPath", message};
}

}  // namespace

std::string describe(ErrorCode code, std::string_view path) {
  if (const char* sentence = sentence_before_path(code)) return sentence + std::string(path);
  if (code == ErrorCode::kReconfigInProgress) {
    return "Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)";
  }
  if (code == ErrorCode::kNewConfigNoQuorum) {
    return "No quorum of the new configuration is connected and up to date with the leader - try "
           "again when its new servers are";
  }
  const std::string text = "KeeperErrorCode = " + code_text(code);
  return path.empty() ? text : text + " for " + std::string(path);
}

void check_path(const std::string& path) {
  if (path.empty()) throw path_error("Path length must be > 0");
  if (path[0] != '/') throw path_error("Path must start with / character");
  if (path.size() == 1) return;
  if (path.ends_with('/')) throw path_error("Path must not end with / character");
  const std::string reason = reason_against(path);
  if (!reason.empty()) {
    throw path_error("Invalid path string \"" + path + "\" caused by " + reason);
  }
}

std::string child_path(const std::string& parent, const std::string& name) {
  return (parent == "/" ? "" : parent) + "/" + name;
}

}  // namespace zoetrope::app
