// Builds one whole request frame, length and header included, with a xid of 0 that the connection
// replaces. Owns the bytes until finish(); never sends anything.
#pragma once

#include <string>
#include <string_view>

#include "core/jute/archive.hpp"
#include "core/jute/opcode.hpp"

namespace zoetrope::load {

// Bytes of a frame before its body: length, xid, type.
inline constexpr size_t kRequestHeaderBytes = 12;

class FrameBuilder {
 public:
  explicit FrameBuilder(jute::OpCode type) : body(bytes_) {
    body.i32(0);
    body.i32(0);
    body.i32(static_cast<int32_t>(type));
  }
  FrameBuilder(const FrameBuilder&) = delete;
  FrameBuilder& operator=(const FrameBuilder&) = delete;

  // The frame; the builder is of no more use.
  std::string finish() {
    body.patch_i32(0, static_cast<int32_t>(bytes_.size() - 4));
    return std::move(bytes_);
  }

 private:
  std::string bytes_;

 public:
  jute::Writer body;
};

// Flags of a create request (facts/client-protocol.md section 8).
inline constexpr int32_t kPersistent = 0;
inline constexpr int32_t kEphemeralSequential = 3;

std::string create_frame(std::string_view path, std::string_view data, int32_t flags);
std::string delete_frame(std::string_view path);
std::string set_frame(std::string_view path, std::string_view data);
// exists, getData and getChildren.
std::string read_frame(jute::OpCode type, std::string_view path, bool watch);
// The sub-operations of a multi and the mark at its end.
void append_multi_create(jute::Writer& out, std::string_view path, std::string_view data);
void append_multi_delete(jute::Writer& out, std::string_view path);
void append_multi_set(jute::Writer& out, std::string_view path, std::string_view data);
void append_multi_end(jute::Writer& out);

}  // namespace zoetrope::load
