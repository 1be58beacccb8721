#include "app/load/frame_builder.hpp"

#include "core/jute/records.hpp"

namespace zoetrope::load {
namespace {

constexpr int32_t kAnyVersion = -1;

void write_create(jute::Writer& out, std::string_view path, std::string_view data, int32_t flags) {
  out.string(path);
  out.string(data);
  out.raw(jute::open_acl_bytes());
  out.i32(flags);
}

void write_set(jute::Writer& out, std::string_view path, std::string_view data) {
  out.string(path);
  out.string(data);
  out.i32(kAnyVersion);
}

void write_multi_header(jute::Writer& out, jute::OpCode type, bool done) {
  out.i32(static_cast<int32_t>(type));
  out.boolean(done);
  out.i32(-1);
}

}  // namespace

std::string create_frame(std::string_view path, std::string_view data, int32_t flags) {
  FrameBuilder frame(jute::OpCode::kCreate);
  write_create(frame.body, path, data, flags);
  return frame.finish();
}

std::string delete_frame(std::string_view path) {
  FrameBuilder frame(jute::OpCode::kDelete);
  frame.body.string(path);
  frame.body.i32(kAnyVersion);
  return frame.finish();
}

std::string set_frame(std::string_view path, std::string_view data) {
  FrameBuilder frame(jute::OpCode::kSetData);
  write_set(frame.body, path, data);
  return frame.finish();
}

std::string read_frame(jute::OpCode type, std::string_view path, bool watch) {
  FrameBuilder frame(type);
  frame.body.string(path);
  frame.body.boolean(watch);
  return frame.finish();
}

void append_multi_create(jute::Writer& out, std::string_view path, std::string_view data) {
  write_multi_header(out, jute::OpCode::kCreate, false);
  write_create(out, path, data, kPersistent);
}

void append_multi_delete(jute::Writer& out, std::string_view path) {
  write_multi_header(out, jute::OpCode::kDelete, false);
  out.string(path);
  out.i32(kAnyVersion);
}

void append_multi_set(jute::Writer& out, std::string_view path, std::string_view data) {
  write_multi_header(out, jute::OpCode::kSetData, false);
  write_set(out, path, data);
}

void append_multi_end(jute::Writer& out) {
  write_multi_header(out, jute::OpCode::kError, true);
}

}  // namespace zoetrope::load
