// Between the operations of a history and the bytes of the client protocol, as a client does it.
// Owns nothing; the formats themselves are core/wire's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/jute/archive.hpp"
#include "core/jute/opcode.hpp"
#include "core/jute/records.hpp"
#include "properties/history.hpp"

namespace zoetrope::sim {

// The request type that an operation goes out as.
jute::OpCode request_type(const properties::Operation& operation);

// Appends the whole frame: length, header, body. Not for kMalformed.
void encode_request(const properties::Operation& operation, std::string& out);

// Reads the body of a reply whose header said kOk into the operation's result. False when the body
// is not what such an operation is answered with.
bool decode_reply(jute::Reader& in, properties::Operation& operation);

// Wraps what was appended to `out` after `start` into a frame: its first four bytes were left free.
void close_frame(std::string& out, size_t start);

properties::Stat history_stat(const jute::Stat& stat);
properties::Acl history_acl(const jute::AclList& acl);

}  // namespace zoetrope::sim
