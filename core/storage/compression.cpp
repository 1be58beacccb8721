#include "core/storage/compression.hpp"

#include <snappy.h>
#include <zlib.h>

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"

namespace zoetrope::storage {

namespace {
constexpr int kGzipWindowBits = 15 + 16;  // 16 asks zlib for the gzip wrapper
constexpr size_t kGzipPiece = 64 * 1024;
// Header of snappy-java's SnappyOutputStream: magic, then version and lowest compatible version.
constexpr std::string_view kSnappyHeader("\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16);
constexpr size_t kSnappyMagicSize = 8;
constexpr size_t kSnappyBlock = 32 * 1024;
// Longest compressed block that we accept, in bytes; snappy-java's blocks hold at most 512 MiB,
// ours 32 KiB.
constexpr uint32_t kSnappyChunkMax = 64 << 20;
}  // namespace

struct Compressor::Impl {
  Compression compression;
  z_stream gzip{};
  std::string block;  // not yet compressed bytes of the snappy block
  bool started = false;

  void deflate_all(int flush, std::string& out);
  void snappy_block(std::string_view bytes, std::string& out);
};

void Compressor::Impl::deflate_all(int flush, std::string& out) {
  int status = Z_OK;
  do {
    const size_t before = out.size();
    out.resize(before + kGzipPiece);
    gzip.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    gzip.avail_out = kGzipPiece;
    status = deflate(&gzip, flush);
    ZT_ASSERT(status != Z_STREAM_ERROR);
    out.resize(out.size() - gzip.avail_out);
  } while (gzip.avail_out == 0 || (flush == Z_FINISH && status != Z_STREAM_END));
}

void Compressor::Impl::snappy_block(std::string_view bytes, std::string& out) {
  std::string compressed;
  snappy::Compress(bytes.data(), bytes.size(), &compressed);
  char length[4];
  store_be32(length, static_cast<uint32_t>(compressed.size()));
  out.append(length, sizeof length);
  out.append(compressed);
}

Compressor::Compressor(Compression compression) : impl_(std::make_unique<Impl>()) {
  impl_->compression = compression;
  if (compression != Compression::kGzip) return;
  const int status = deflateInit2(&impl_->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits,
                                  8, Z_DEFAULT_STRATEGY);
  ZT_ASSERT(status == Z_OK);
}

Compressor::~Compressor() {
  if (impl_->compression == Compression::kGzip) deflateEnd(&impl_->gzip);
}

void Compressor::add(std::string_view bytes, std::string& out) {
  Impl& impl = *impl_;
  switch (impl.compression) {
    case Compression::kNone: out.append(bytes); return;
    case Compression::kGzip:
      impl.gzip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      impl.gzip.avail_in = static_cast<uInt>(bytes.size());
      impl.deflate_all(Z_NO_FLUSH, out);
      return;
    case Compression::kSnappy: break;
  }
  if (!impl.started) out.append(kSnappyHeader);
  impl.started = true;
  while (!bytes.empty()) {
    const size_t taken = std::min(bytes.size(), kSnappyBlock - impl.block.size());
    impl.block.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (impl.block.size() < kSnappyBlock) return;
    impl.snappy_block(impl.block, out);
    impl.block.clear();
  }
}

void Compressor::finish(std::string& out) {
  Impl& impl = *impl_;
  if (impl.compression == Compression::kGzip) {
    impl.gzip.avail_in = 0;
    impl.deflate_all(Z_FINISH, out);
  }
  if (impl.compression == Compression::kSnappy) {
    add({}, out);  // the header, should nothing have been added
    if (!impl.block.empty()) impl.snappy_block(impl.block, out);
    impl.block.clear();
  }
}

struct Decompressor::Impl {
  Compression compression;
  ByteSource source;
  std::optional<std::string> error;
  z_stream gzip{};
  bool gzip_ended = false;
  std::string out;
  std::string_view input;  // what is left of the source's last piece
  std::string chunk;

  std::string_view fail(std::string what) {
    error = std::move(what);
    return {};
  }
  bool take(size_t n);
  std::string_view next_gzip();
  std::string_view next_snappy();
};

// Gathers `n` bytes in `chunk`; false when the stream ends before.
bool Decompressor::Impl::take(size_t n) {
  chunk.clear();
  while (chunk.size() < n) {
    if (input.empty()) input = source();
    if (input.empty()) return false;
    const size_t taken = std::min(n - chunk.size(), input.size());
    chunk.append(input.substr(0, taken));
    input.remove_prefix(taken);
  }
  return true;
}

std::string_view Decompressor::Impl::next_gzip() {
  out.resize(kGzipPiece);
  gzip.next_out = reinterpret_cast<Bytef*>(out.data());
  gzip.avail_out = kGzipPiece;
  while (gzip.avail_out == kGzipPiece && !gzip_ended) {
    if (gzip.avail_in == 0) {
      input = source();
      if (input.empty()) return fail("the gzip stream ends before its end mark");
      gzip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
      gzip.avail_in = static_cast<uInt>(input.size());
    }
    const int status = inflate(&gzip, Z_NO_FLUSH);
    if (status == Z_STREAM_END)
      gzip_ended = true;
    else if (status != Z_OK && status != Z_BUF_ERROR)
      return fail("the gzip stream is damaged");
  }
  return std::string_view(out).substr(0, kGzipPiece - gzip.avail_out);
}

std::string_view Decompressor::Impl::next_snappy() {
  for (;;) {
    if (!take(4)) {
      return chunk.empty() ? std::string_view() : fail("the snappy stream ends within a length");
    }
    // A stream that was appended to carries its header again; its magic reads as a negative length.
    if (chunk == kSnappyHeader.substr(0, 4)) {
      if (!take(kSnappyHeader.size() - 4) ||
          !kSnappyHeader.substr(4).starts_with(std::string_view(chunk).substr(0, 4))) {
        return fail("the snappy header is damaged");
      }
      continue;
    }
    const uint32_t length = load_be32(chunk.data());
    if (length > kSnappyChunkMax) return fail("a snappy block has an impossible length");
    if (!take(length)) return fail("the snappy stream ends within a block");
    size_t unwrapped = 0;
    if (!snappy::GetUncompressedLength(chunk.data(), chunk.size(), &unwrapped) ||
        unwrapped > kSnappyChunkMax || !snappy::Uncompress(chunk.data(), chunk.size(), &out)) {
      return fail("a snappy block is damaged");
    }
    if (!out.empty()) return out;
  }
}

Decompressor::Decompressor(Compression compression, ByteSource source)
    : impl_(std::make_unique<Impl>()) {
  impl_->compression = compression;
  impl_->source = std::move(source);
  if (compression == Compression::kGzip) {
    const int status = inflateInit2(&impl_->gzip, kGzipWindowBits);
    ZT_ASSERT(status == Z_OK);
  }
  if (compression == Compression::kSnappy &&
      (!impl_->take(kSnappyHeader.size()) ||
       !kSnappyHeader.starts_with(std::string_view(impl_->chunk).substr(0, kSnappyMagicSize)))) {
    impl_->error = "the snappy header is missing";
  }
}

Decompressor::~Decompressor() {
  if (impl_->compression == Compression::kGzip) inflateEnd(&impl_->gzip);
}

std::string_view Decompressor::next() {
  if (impl_->error) return {};
  switch (impl_->compression) {
    case Compression::kNone: return impl_->source();
    case Compression::kGzip: return impl_->next_gzip();
    case Compression::kSnappy: return impl_->next_snappy();
  }
  return {};
}

const std::optional<std::string>& Decompressor::error() const {
  return impl_->error;
}

}  // namespace zoetrope::storage
