#include "tests/support/recode.hpp"

#include "core/wire/messages.hpp"

namespace zoetrope::test {

using jute::OpCode;
using jute::Reader;
using jute::Writer;

namespace {
template <class Record>
std::string encode(const Record& record) {
  std::string bytes;
  Writer out(bytes);
  write(out, record);
  return bytes;
}

template <class Record>
std::string encode(const Record& record, OpCode type) {
  std::string bytes;
  Writer out(bytes);
  write(out, record, type);
  return bytes;
}
}  // namespace

std::string recode_request(OpCode type, Reader& in) {
  switch (type) {
    case OpCode::kPing:
    case OpCode::kWhoAmI:
    case OpCode::kCloseSession:
      return {};
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      return encode(wire::read_create_request(in, type), type);
    case OpCode::kDelete:
    case OpCode::kCheck:
      return encode(wire::read_path_version_request(in));
    case OpCode::kExists:
    case OpCode::kGetData:
    case OpCode::kGetChildren:
    case OpCode::kGetChildren2:
      return encode(wire::read_path_watch_request(in));
    case OpCode::kGetAcl:
    case OpCode::kSync:
    case OpCode::kGetEphemerals:
    case OpCode::kGetAllChildrenNumber:
      return encode(wire::read_path_request(in, type));
    case OpCode::kSetData:
      return encode(wire::read_set_data_request(in));
    case OpCode::kSetAcl:
      return encode(wire::read_set_acl_request(in));
    case OpCode::kCheckWatches:
    case OpCode::kRemoveWatches:
    case OpCode::kAddWatch:
      return encode(wire::read_path_type_request(in));
    case OpCode::kSetWatches:
    case OpCode::kSetWatches2:
      return encode(wire::read_set_watches_request(in, type), type);
    case OpCode::kAuth:
      return encode(wire::read_auth_packet(in));
    case OpCode::kReconfig:
      return encode(wire::read_reconfig_request(in));
    case OpCode::kSasl:
      return encode(wire::read_sasl_request(in));
    case OpCode::kMulti:
    case OpCode::kMultiRead:
      return encode(wire::read_multi_request(in, type));
    default:
      in.fail("no client operation");
      return {};
  }
}

std::string recode_reply(OpCode type, Reader& in) {
  switch (type) {
    case OpCode::kPing:
    case OpCode::kAuth:
    case OpCode::kDelete:
    case OpCode::kCheckWatches:
    case OpCode::kRemoveWatches:
    case OpCode::kSetWatches:
    case OpCode::kSetWatches2:
    case OpCode::kCloseSession:
      return {};
    case OpCode::kCreate:
    case OpCode::kSync:
      return encode(wire::read_path_reply(in));
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      return encode(wire::read_path_stat_reply(in));
    case OpCode::kExists:
    case OpCode::kSetData:
    case OpCode::kSetAcl:
      return encode(jute::read_stat(in));
    case OpCode::kGetData:
    case OpCode::kReconfig:
      return encode(wire::read_data_reply(in));
    case OpCode::kGetAcl:
      return encode(wire::read_acl_reply(in));
    case OpCode::kGetChildren:
    case OpCode::kGetEphemerals:
      return encode(wire::read_children_reply(in));
    case OpCode::kGetChildren2:
      return encode(wire::read_children_stat_reply(in));
    case OpCode::kGetAllChildrenNumber:
      return encode(wire::read_count_reply(in));
    case OpCode::kAddWatch:
      return encode(wire::read_error_reply(in));
    case OpCode::kWhoAmI:
      return encode(wire::read_who_am_i(in));
    case OpCode::kSasl:
      return encode(wire::read_sasl_reply(in));
    case OpCode::kMulti:
    case OpCode::kMultiRead:
      return encode(wire::read_multi_reply(in));
    default:
      in.fail("no client operation");
      return {};
  }
}

std::string recode_event(Reader& in) {
  return encode(wire::read_watcher_event(in));
}

std::string recode_connect_request(Reader& in) {
  return encode(wire::read_connect_request(in));
}

std::string recode_connect_response(Reader& in) {
  return encode(wire::read_connect_response(in));
}

const std::vector<OpCode>& client_ops() {
  static const std::vector<OpCode> kOps = [] {
    std::vector<OpCode> ops;
    for (int32_t code = -20; code <= 200; ++code) {
      if (wire::is_client_op(static_cast<OpCode>(code))) ops.push_back(static_cast<OpCode>(code));
    }
    return ops;
  }();
  return kOps;
}

}  // namespace zoetrope::test
