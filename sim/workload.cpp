#include "sim/workload.hpp"

#include "sim/addresses.hpp"

namespace zoetrope::sim {

using properties::Arguments;
using properties::NodeMode;
using properties::OpKind;

std::string Workload::path() {
  std::string path = "/n" + std::to_string(random_.below(config_.names));
  const uint64_t depth = random_.below(8);
  if (depth >= 2) path += "/m" + std::to_string(random_.below(config_.names));
  if (depth >= 7) path += "/l";
  return path;
}

// Sometimes a name that the server made up.
void Workload::old_path(ScriptOperation& op) {
  if (random_.one_in(3)) op.made = static_cast<uint32_t>(random_.below(kMadeNames));
  op.args.path = path();
}

int32_t Workload::version() {
  if (!random_.one_in(4)) return -1;
  return static_cast<int32_t>(random_.below(4));
}

std::optional<std::string> Workload::data(const std::string& label) {
  if (random_.one_in(20)) return std::nullopt;
  if (random_.one_in(20)) return std::string();
  std::string bytes = label;
  if (config_.large_data_one_in != 0 && random_.one_in(config_.large_data_one_in)) {
    bytes.append(random_.below(config_.data_bytes_max), '.');
    // Data that holds whole sectors of zeros is the hardest for what recovers a torn log.
    if (random_.one_in(3)) bytes.append(random_.below(config_.data_bytes_max), '\0');
  }
  return bytes;
}

properties::Acl Workload::acl() {
  using properties::AclEntry;
  if (!config_.acls) return properties::open_acl();
  switch (random_.below(24)) {
    case 0: return {AclEntry{properties::kRead, {"world", "anyone"}}};
    case 1:
      return {AclEntry{properties::kAllPermissions, {"auth", ""}},
              AclEntry{properties::kRead, {"world", "anyone"}}};
    case 2: return {AclEntry{properties::kAllPermissions, {"auth", ""}}};
    case 3: return {};
    case 4:
      return {properties::open_acl()[0], properties::open_acl()[0],
              AclEntry{properties::kRead, {"digest", "nobody:xyz"}}};
    default: return properties::open_acl();
  }
}

// One server joins, changes its role or leaves, or one joins as another leaves, or all members are
// named anew.
void Workload::fill_reconfig(Arguments& args) {
  args.kind = OpKind::kReconfig;
  const auto line = [this](ServerId server) {
    const auto role =
        random_.one_in(4) ? quorum::MemberRole::kObserver : quorum::MemberRole::kParticipant;
    return "server." + std::to_string(server.value) + "=" + member_of(server, role).to_string();
  };
  const auto any = [this] { return config_.members[random_.below(config_.members.size())]; };
  const uint64_t draw = random_.below(10);
  if (draw < 4 || draw >= 8) args.data = line(any());
  if (draw >= 4 && draw < 9) args.path = std::to_string(any().value);
  if (draw < 9) return;
  args.with_stat = true;
  args.data.reset();
  for (const ServerId server : config_.members) {
    if (random_.one_in(3)) continue;
    args.data = (args.data ? *args.data + "," : std::string()) + line(server);
  }
  if (!args.data) args.data = line(any());
}

void Workload::draw(ScriptOperation& op, std::vector<ScriptOperation>& parts,
                    const std::string& label) {
  if (!config_.members.empty()) return fill_reconfig(op.args);
  if (random_.below(100) < config_.write_percent) {
    fill_write(op, parts, label);
  } else {
    fill_read(op, parts);
  }
}

void Workload::fill_create(Arguments& args, const std::string& label) {
  args.kind = OpKind::kCreate;
  args.path = path();
  args.data = data(label);
  args.acl = acl();
  args.with_stat = random_.one_in(3);
  switch (random_.below(12)) {
    case 0:
    case 1: args.mode = NodeMode::kEphemeral; break;
    case 2:
    case 3:
      args.mode =
          random_.one_in(2) ? NodeMode::kPersistentSequential : NodeMode::kEphemeralSequential;
      args.path += random_.one_in(4) ? "/" : "/s-";
      break;
    case 4: args.mode = NodeMode::kContainer; break;
    case 5:
      if (!config_.ttls) break;
      args.mode = random_.one_in(3) ? NodeMode::kTtlSequential : NodeMode::kTtl;
      args.ttl_ms = random_.between(0, 20'000);
      break;
    default: break;
  }
  if (args.mode >= NodeMode::kContainer) args.with_stat = true;
}

void Workload::fill_write(ScriptOperation& op, std::vector<ScriptOperation>& parts,
                          const std::string& label) {
  Arguments& args = op.args;
  if (random_.below(100) < config_.multi_percent) {
    args.kind = OpKind::kMulti;
    const uint64_t count = random_.below(5);
    for (uint64_t i = 0; i < count; ++i) {
      fill_part(parts.emplace_back(), label + 'p' + std::to_string(i));
    }
    return;
  }
  const uint64_t draw = random_.below(100);
  if (draw < 45) {
    fill_create(args, label);
  } else if (draw < 68) {
    args.kind = OpKind::kSetData;
    old_path(op);
    args.data = data(label);
    args.version = version();
  } else if (draw < 92 || !config_.acls) {
    args.kind = OpKind::kDelete;
    if (random_.one_in(40)) {
      args.path = "/zookeeper";
    } else {
      old_path(op);
    }
    args.version = version();
  } else {
    args.kind = OpKind::kSetAcl;
    old_path(op);
    args.acl = acl();
    args.version = version();
  }
}

void Workload::fill_part(ScriptOperation& op, const std::string& label) {
  Arguments& args = op.args;
  switch (random_.below(6)) {
    case 0:
    case 1: fill_create(args, label); break;
    case 2:
      args.kind = OpKind::kDelete;
      old_path(op);
      args.version = version();
      break;
    case 3:
      args.kind = OpKind::kCheck;
      old_path(op);
      args.version = version();
      break;
    default:
      args.kind = OpKind::kSetData;
      old_path(op);
      args.data = data(label);
      args.version = version();
      break;
  }
}

void Workload::fill_watch_operation(Arguments& args) {
  args.path = path();
  const uint64_t draw = random_.below(3);
  args.kind = draw == 0   ? OpKind::kAddWatch
              : draw == 1 ? OpKind::kRemoveWatches
                          : OpKind::kCheckWatches;
  args.watch_type = static_cast<int32_t>(draw == 0 ? random_.below(2) : 1 + random_.below(5));
}

void Workload::fill_read(ScriptOperation& op, std::vector<ScriptOperation>& parts) {
  Arguments& args = op.args;
  const uint64_t draw = random_.below(100);
  if (draw >= 93) return fill_watch_operation(args);
  old_path(op);
  const auto root = [&op] {
    op.args.path = "/";
    op.made.reset();
  };
  const bool watch = random_.below(100) < config_.watch_percent;
  if (draw < 32) {
    args.kind = OpKind::kGetData;
    args.watch = watch;
  } else if (draw < 54) {
    args.kind = OpKind::kExists;
    args.watch = watch;
  } else if (draw < 74) {
    args.kind = OpKind::kGetChildren;
    args.watch = watch;
    args.with_stat = random_.one_in(2);
    if (random_.one_in(8)) root();
  } else if (draw < 79) {
    args.kind = OpKind::kGetAcl;
  } else if (draw < 82) {
    args.kind = OpKind::kGetAllChildrenNumber;
    if (random_.one_in(3)) root();
  } else if (draw < 85) {
    args.kind = OpKind::kGetEphemerals;
    if (random_.one_in(2)) root();
  } else if (draw < 89) {
    args.kind = OpKind::kSync;
  } else {
    args.kind = OpKind::kMultiRead;
    args.path.clear();
    op.made.reset();
    for (uint64_t i = random_.below(4); i > 0; --i) {
      Arguments& part = parts.emplace_back().args;
      part.kind = random_.one_in(2) ? OpKind::kGetData : OpKind::kGetChildren;
      part.path = path();
    }
  }
}

void fill_final_read(const WorkloadConfig& config, uint64_t number, Arguments& args) {
  args.path = "/n" + std::to_string(number % config.names);
  if (number == 0) {
    args.kind = OpKind::kSync;
  } else if (number % 2 == 0) {
    args.kind = OpKind::kGetData;
  } else {
    args.kind = OpKind::kGetChildren;
    args.with_stat = true;
  }
}

}  // namespace zoetrope::sim
