// The two kinds of ordinary failure: a protocol outcome (ZooKeeper's error codes, a value in a
// reply) and damaged or malformed bytes (a message that names the place).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zoetrope {

// Upstream: KeeperException.Code (facts/client-protocol.md section 12).
enum class ErrorCode : int32_t {
  kOk = 0,
  kSystemError = -1,
  kRuntimeInconsistency = -2,
  kDataInconsistency = -3,
  kConnectionLoss = -4,
  kMarshallingError = -5,
  kUnimplemented = -6,
  kOperationTimeout = -7,
  kBadArguments = -8,
  kUnknownSession = -12,
  kNewConfigNoQuorum = -13,
  kReconfigInProgress = -14,
  kApiError = -100,
  kNoNode = -101,
  kNoAuth = -102,
  kBadVersion = -103,
  kNoChildrenForEphemerals = -108,
  kNodeExists = -110,
  kNotEmpty = -111,
  kSessionExpired = -112,
  kInvalidCallback = -113,
  kInvalidAcl = -114,
  kAuthFailed = -115,
  kSessionMoved = -118,
  kNotReadOnly = -119,
  kEphemeralOnLocalSession = -120,
  kNoWatcher = -121,
  kRequestTimeout = -122,
  kReconfigDisabled = -123,
  kSessionClosedRequireSaslAuth = -124,
  kQuotaExceeded = -125,
  kThrottledOp = -127,
};

// Upstream spelling of a code, such as "NoNode"; "Unknown" for a number that is none.
std::string_view to_string(ErrorCode code);

// Malformed or damaged bytes. `what` says what was expected, `offset` is in bytes from the start of
// the frame or file that was read.
struct DecodeError {
  std::string what;
  uint64_t offset = 0;
  bool operator==(const DecodeError&) const = default;
};

}  // namespace zoetrope
