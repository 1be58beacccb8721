// Every record of the client protocol, both ways (facts/client-protocol.md sections 3 to 7): plain
// structs of views, with read_* and write functions. Bodies only; framing stands in frame.hpp.
// A body decoder fails its Reader on malformed input; the server answers kMarshallingError then.
#pragma once

#include "core/wire/handshake.hpp"
#include "core/wire/headers.hpp"
#include "core/wire/multi.hpp"
#include "core/wire/operations.hpp"
#include "core/wire/replies.hpp"
#include "core/wire/requests.hpp"
