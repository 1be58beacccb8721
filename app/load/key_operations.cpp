// Operations on a fixed set of keys: get, exists, set, a mixture, multi of sets; and sync.
#include <algorithm>

#include "app/load/frame_builder.hpp"
#include "app/load/operation.hpp"
#include "core/base/endian.hpp"

namespace zoetrope::load {
namespace {

constexpr size_t kStatBytes = 68;
constexpr size_t kMultiHeaderBytes = 9;
constexpr size_t kStatDataLengthOffset = 52;

std::string key_path(const Options& options, size_t key) {
  std::string digits = std::to_string(key);
  digits.insert(0, digits.size() < 9 ? 9 - digits.size() : 0, '0');
  return options.root + "/key-" + digits;
}

void prepare_keys(Setup& setup, const Options& options) {
  const std::string data(options.value_bytes, 'v');
  for (size_t key = 0; key < options.keys; ++key) setup.put(key_path(options, key), data);
  setup.finish();
}

// One template a key, without what is the same for all keys: the bytes at the end.
class KeyedFrames {
 public:
  // `heads[i]` are the bytes up to and including the path of key i; all of one length.
  KeyedFrames(const std::vector<std::string>& heads, std::string tail)
      : stride_(heads.front().size()), tail_(std::move(tail)) {
    for (const std::string& head : heads) heads_ += head;
  }
  size_t frame_bytes() const { return stride_ + tail_.size(); }
  // Copies the frame of one key from byte `skip` on.
  void copy(char* to, size_t key, size_t skip) const {
    std::memcpy(to + skip, heads_.data() + key * stride_ + skip, stride_ - skip);
    std::memcpy(to + stride_, tail_.data(), tail_.size());
  }

 private:
  std::string heads_;
  size_t stride_;
  std::string tail_;
};

KeyedFrames frames_of(jute::OpCode type, const Options& options, const std::string& tail) {
  std::vector<std::string> heads;
  for (size_t key = 0; key < options.keys; ++key) {
    FrameBuilder frame(type);
    frame.body.string(key_path(options, key));
    heads.push_back(frame.finish());
  }
  return {heads, tail};
}

std::string set_tail(const Options& options) {
  std::string tail;
  jute::Writer out(tail);
  out.string(std::string(options.value_bytes, 'v'));
  out.i32(-1);
  return tail;
}

bool stat_tells_length(std::string_view stat, size_t value_bytes) {
  return load_be32(stat.data() + kStatDataLengthOffset) == value_bytes;
}

// get, exists or set of a random key.
class KeyOperation : public Operation {
 public:
  KeyOperation(jute::OpCode type, const Options& options)
      : options_(options),
        type_(type),
        dice_(options.seed),
        frames_(frames_of(type, options,
                          type == jute::OpCode::kSetData ? set_tail(options) : std::string(1, 0))),
        reply_bytes_(kStatBytes + (type == jute::OpCode::kGetData ? 4 + options.value_bytes : 0)) {}

  void prepare(Setup& setup) override { prepare_keys(setup, options_); }

  bool append(Connection& connection, int64_t since_ns) override {
    char* frame = connection.append_request(frames_.frame_bytes(),
                                            Pending{since_ns, static_cast<uint32_t>(type_)});
    frames_.copy(frame, dice_.below(static_cast<uint32_t>(options_.keys)), 8);
    return true;
  }

  bool verify(const Pending&, std::string_view body) const override {
    if (body.size() != reply_bytes_) return false;
    if (type_ == jute::OpCode::kGetData && load_be32(body.data()) != options_.value_bytes) {
      return false;
    }
    return stat_tells_length(body.substr(body.size() - kStatBytes), options_.value_bytes);
  }

 private:
  const Options options_;
  jute::OpCode type_;
  KeyDice dice_;
  KeyedFrames frames_;
  size_t reply_bytes_;
};

class Mixed : public Operation {
 public:
  explicit Mixed(const Options& options)
      : get_(jute::OpCode::kGetData, options),
        set_(jute::OpCode::kSetData, options),
        read_percent_(options.read_percent),
        dice_(options.seed + 1) {}
  void prepare(Setup& setup) override { get_.prepare(setup); }
  bool append(Connection& connection, int64_t since_ns) override {
    return dice_.below(100) < read_percent_ ? get_.append(connection, since_ns)
                                            : set_.append(connection, since_ns);
  }
  bool verify(const Pending& pending, std::string_view body) const override {
    return pending.tag == static_cast<uint32_t>(jute::OpCode::kGetData)
               ? get_.verify(pending, body)
               : set_.verify(pending, body);
  }

 private:
  KeyOperation get_;
  KeyOperation set_;
  uint32_t read_percent_;
  KeyDice dice_;
};

// A multi of sets of different keys.
class MultiSet : public Operation {
 public:
  explicit MultiSet(const Options& options) : options_(options), dice_(options.seed) {
    for (size_t key = 0; key < options.keys; ++key) {
      std::string op;
      jute::Writer out(op);
      append_multi_set(out, key_path(options, key), std::string(options.value_bytes, 'v'));
      op_bytes_ = op.size();
      ops_ += op;
    }
    jute::Writer end(end_);
    append_multi_end(end);
  }
  void prepare(Setup& setup) override { prepare_keys(setup, options_); }

  bool append(Connection& connection, int64_t since_ns) override {
    const size_t bytes = kRequestHeaderBytes + options_.multi_size * op_bytes_ + end_.size();
    char* at = connection.append_request(bytes, Pending{since_ns, 0}) + 8;
    store_be32(at, static_cast<uint32_t>(jute::OpCode::kMulti));
    at += 4;
    size_t key = dice_.below(static_cast<uint32_t>(options_.keys));
    for (size_t i = 0; i < options_.multi_size; ++i, at += op_bytes_) {
      std::memcpy(at, ops_.data() + key * op_bytes_, op_bytes_);
      if (++key == options_.keys) key = 0;
    }
    std::memcpy(at, end_.data(), end_.size());
    return true;
  }

  bool verify(const Pending&, std::string_view body) const override {
    constexpr size_t kResultBytes = kMultiHeaderBytes + kStatBytes;
    if (body.size() != options_.multi_size * kResultBytes + kMultiHeaderBytes) return false;
    for (size_t i = 0; i < options_.multi_size; ++i) {
      const std::string_view result = body.substr(i * kResultBytes, kResultBytes);
      if (load_be32(result.data()) != static_cast<uint32_t>(jute::OpCode::kSetData)) return false;
      if (!stat_tells_length(result.substr(kMultiHeaderBytes), options_.value_bytes)) return false;
    }
    return true;
  }

 private:
  const Options options_;
  KeyDice dice_;
  std::string ops_;
  size_t op_bytes_ = 0;
  std::string end_;
};

// sync of the root, which waits for all that the leader has committed.
class Sync : public Operation {
 public:
  explicit Sync(const Options& options) : path_bytes_(4 + options.root.size()) {
    FrameBuilder frame(jute::OpCode::kSync);
    frame.body.string(options.root);
    frame_ = frame.finish();
  }

  bool append(Connection& connection, int64_t since_ns) override {
    connection.append_request(frame_, Pending{since_ns, 0});
    return true;
  }

  bool verify(const Pending&, std::string_view body) const override {
    return body.size() == path_bytes_;
  }

 private:
  size_t path_bytes_;
  std::string frame_;
};

}  // namespace

std::unique_ptr<Operation> make_get(const Options& options) {
  return std::make_unique<KeyOperation>(jute::OpCode::kGetData, options);
}
std::unique_ptr<Operation> make_exists(const Options& options) {
  return std::make_unique<KeyOperation>(jute::OpCode::kExists, options);
}
std::unique_ptr<Operation> make_set(const Options& options) {
  return std::make_unique<KeyOperation>(jute::OpCode::kSetData, options);
}
std::unique_ptr<Operation> make_mixed(const Options& options) {
  return std::make_unique<Mixed>(options);
}
std::unique_ptr<Operation> make_multi(const Options& options) {
  return std::make_unique<MultiSet>(options);
}
std::unique_ptr<Operation> make_sync(const Options& options) {
  return std::make_unique<Sync>(options);
}

}  // namespace zoetrope::load
