// Encoded request bodies for tests, one line each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/jute/records.hpp"
#include "core/wire/messages.hpp"

namespace zoetrope::pipeline::test {

inline std::string encoded_acl(const jute::AclList& acl) {
  std::string bytes;
  jute::Writer out(bytes);
  jute::write(out, acl);
  return bytes;
}

inline std::string create_body(std::string_view path, jute::BufferView data = "", int32_t flags = 0,
                               std::string_view acl = jute::open_acl_bytes()) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, wire::CreateRequest{path, data, acl, flags, 0}, jute::OpCode::kCreate);
  return bytes;
}

inline std::string create_ttl_body(std::string_view path, int64_t ttl_ms, int32_t flags = 5) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, wire::CreateRequest{path, "", jute::open_acl_bytes(), flags, ttl_ms},
              jute::OpCode::kCreateTtl);
  return bytes;
}

inline std::string set_body(std::string_view path, jute::BufferView data, int32_t version = -1) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, wire::SetDataRequest{path, data, version});
  return bytes;
}

inline std::string set_acl_body(std::string_view path, std::string_view acl, int32_t version = -1) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, wire::SetAclRequest{path, acl, version});
  return bytes;
}

// delete and check.
inline std::string path_version_body(std::string_view path, int32_t version = -1) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, wire::PathVersionRequest{path, version});
  return bytes;
}

inline std::string multi_body(const std::vector<wire::MultiOp>& ops) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, ops);
  return bytes;
}

inline wire::MultiOp multi_create(std::string_view path, std::string_view data = "",
                                  int32_t flags = 0) {
  return {jute::OpCode::kCreate, wire::CreateRequest{path, data, jute::open_acl_bytes(), flags, 0}};
}
inline wire::MultiOp multi_delete(std::string_view path, int32_t version = -1) {
  return {jute::OpCode::kDelete, wire::PathVersionRequest{path, version}};
}
inline wire::MultiOp multi_check(std::string_view path, int32_t version) {
  return {jute::OpCode::kCheck, wire::PathVersionRequest{path, version}};
}
inline wire::MultiOp multi_set(std::string_view path, std::string_view data, int32_t version = -1) {
  return {jute::OpCode::kSetData, wire::SetDataRequest{path, data, version}};
}

}  // namespace zoetrope::pipeline::test
