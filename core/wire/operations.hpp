// What kind of operation an op code is (facts/client-protocol.md section 6).
// Owns nothing; never looks at a body.
#pragma once

#include "core/jute/opcode.hpp"

namespace zoetrope::wire {

using jute::OpCode;

// True for the types that a client may send at all; the others are answered by kUnimplemented and a
// closed connection. Upstream: Request.isValid, with auth and sasl, and without the two internal
// ones that it lets through: createSession, and deleteContainer, which would delete without a
// permission.
bool is_client_op(OpCode type);

// Operations that go through the transaction log.
bool is_write(OpCode type);

}  // namespace zoetrope::wire
