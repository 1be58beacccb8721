// The two wrappings of a snapshot file: gzip, and the framing of snappy-java (facts/disk-format.md
// section 4). Streams in both directions, so that neither side ever holds a whole file; owns only
// its buffers, never a file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace zoetrope::storage {

enum class Compression : uint8_t { kNone, kGzip, kSnappy };

// The next piece of a stream of bytes, empty at its end. A piece lives until the next call.
using ByteSource = std::function<std::string_view()>;

// Wraps bytes as they come.
class Compressor {
 public:
  explicit Compressor(Compression compression);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // Appends to `out` what `bytes` give; some of it may come out only later.
  void add(std::string_view bytes, std::string& out);
  // Appends the rest. Nothing may be added afterwards.
  void finish(std::string& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Unwraps what a source gives. kNone passes pieces through untouched.
class Decompressor {
 public:
  Decompressor(Compression compression, ByteSource source);
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // The next piece, empty at the end or after an error.
  std::string_view next();
  // What is wrong with the compressed stream; nullopt when nothing is.
  const std::optional<std::string>& error() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zoetrope::storage
