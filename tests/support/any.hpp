// Arbitrary values of the records' fields, for properties: draws from RapidCheck and owns the
// strings that the drawn views point to. Use it inside a property only.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::test {

class Any {
 public:
  template <class Integer>
  Integer integer() {
    using Limits = std::numeric_limits<Integer>;
    return *rc::gen::oneOf(
        rc::gen::arbitrary<Integer>(),
        rc::gen::element<Integer>(Limits::min(), Integer{-1}, Integer{0}, Limits::max()));
  }
  int32_t i32() { return integer<int32_t>(); }
  int64_t i64() { return integer<int64_t>(); }
  bool boolean() { return *rc::gen::arbitrary<bool>(); }
  size_t below(size_t bound) { return *rc::gen::inRange<size_t>(0, bound); }
  // Any bytes, zeros and invalid UTF-8 included.
  std::string_view text() { return own(*rc::gen::arbitrary<std::string>()); }
  jute::BufferView buffer() {
    if (below(4) == 0) return std::nullopt;
    return text();
  }
  std::vector<std::string_view> strings() {
    std::vector<std::string_view> list(below(5));
    for (std::string_view& item : list) item = text();
    return list;
  }
  jute::AclList acl_list() {
    jute::AclList list(below(4));
    for (jute::Acl& acl : list) {
      acl.permissions = i32();
      acl.id.scheme = text();
      acl.id.id = text();
    }
    return list;
  }
  // An encoded vector<ACL>, now and then the null one.
  std::string_view acl() {
    std::string bytes;
    jute::Writer out(bytes);
    if (below(5) == 0)
      out.i32(-1);
    else
      jute::write(out, acl_list());
    return own(std::move(bytes));
  }
  jute::Stat stat() {
    return {i64(), i64(), i64(), i64(), i32(), i32(), i32(), i64(), i32(), i32(), i64()};
  }
  jute::StatPersisted stat_persisted() {
    return {i64(), i64(), i64(), i64(), i32(), i32(), i32(), i64(), i64()};
  }
  std::string_view own(std::string bytes) { return strings_.emplace_back(std::move(bytes)); }

 private:
  std::deque<std::string> strings_;
};

}  // namespace zoetrope::test
