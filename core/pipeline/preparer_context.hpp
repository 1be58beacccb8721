// What one operation being prepared knows of its request; private to the preparer's files.
#pragma once

#include "core/pipeline/preparer.hpp"

namespace zoetrope::pipeline {

struct Preparer::Context {
  const WriteRequest& request;
  Zxid zxid;
  int64_t time_ms = 0;
  jute::Reader in;
  // Whether the session may write; checked once for all operations of a multi.
  ErrorCode session = ErrorCode::kOk;
};

}  // namespace zoetrope::pipeline
