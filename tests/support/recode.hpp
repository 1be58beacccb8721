// Decodes a body and encodes it again, for every kind of request and reply: the property that the
// wire tests and the fuzz targets share.
#pragma once

#include <string>
#include <vector>

#include "core/jute/archive.hpp"
#include "core/jute/opcode.hpp"

namespace zoetrope::test {

// Reads the body of a request of `type` from `in` and gives its encoding. What comes back means
// nothing when `in` has failed, which it does for a type that is no client operation.
std::string recode_request(jute::OpCode type, jute::Reader& in);
// The same for the body of a successful reply.
std::string recode_reply(jute::OpCode type, jute::Reader& in);
std::string recode_event(jute::Reader& in);
std::string recode_connect_request(jute::Reader& in);
std::string recode_connect_response(jute::Reader& in);

// Every type that a client may send.
const std::vector<jute::OpCode>& client_ops();

}  // namespace zoetrope::test
