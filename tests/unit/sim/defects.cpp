#include "tests/unit/sim/defects.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"
#include "core/storage/transaction_log.hpp"
#include "core/wire/headers.hpp"

namespace zoetrope::sim::defects {
namespace {

using Made = std::expected<std::unique_ptr<Engine>, std::string>;

constexpr size_t kLengthBytes = 4;

// Passes everything through; a defect overrides what it changes.
class Passing : public Engine {
 public:
  explicit Passing(std::unique_ptr<Engine> inner) : inner_(std::move(inner)) {}

  void start(Now now, node::Effects& out) override { inner_->start(now, out); }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    inner_->step(now, input, out);
  }
  std::optional<MonotonicTime> next_deadline() const override { return inner_->next_deadline(); }
  uint64_t fingerprint() const override { return inner_->fingerprint(); }
  Zxid last_processed() const override { return inner_->last_processed(); }
  const tree::Tree* tree() const override { return inner_->tree(); }
  std::optional<Standing> standing() const override { return inner_->standing(); }

 protected:
  std::unique_ptr<Engine> inner_;
};

// `wrap` makes the defective engine of the real one.
template <class Wrap>
EngineFactory around_server(Wrap wrap) {
  return [wrap](const node::Config& config, storage::Disk& disk, uint64_t seed, Now now) -> Made {
    auto inner = make_server(config, disk, seed, now);
    if (!inner) return inner;
    return wrap(std::move(*inner), now);
  };
}

class EarlyAnswers : public Passing {
 public:
  using Passing::Passing;
  void start(Now now, node::Effects& out) override {
    inner_->start(now, out);
    answer_syncs(now, out);
  }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    const auto* done = std::get_if<node::DiskDone>(&input);
    if (done != nullptr && answered_.erase(done->op) != 0) return;
    inner_->step(now, input, out);
    answer_syncs(now, out);
  }

 private:
  void answer_syncs(Now now, node::Effects& out) {
    for (size_t i = 0; i < out.list().size(); ++i) {
      const auto* disk = std::get_if<node::Disk>(&out.list()[i]);
      if (disk == nullptr || disk->op.lane != storage::Lane::kLog) continue;
      if (!std::holds_alternative<storage::SyncFile>(disk->op.action)) continue;
      const uint64_t op = disk->op.id;
      answered_.insert(op);
      inner_->step(now, node::DiskDone{op, std::nullopt}, out);
    }
  }

  std::set<uint64_t> answered_;
};

// The frames of one send, without their lengths; empty when the bytes are no whole frames.
std::vector<std::string> frames_of(std::string_view bytes) {
  std::vector<std::string> frames;
  while (bytes.size() >= kLengthBytes) {
    const uint32_t length = load_be32(bytes.data());
    if (length > bytes.size() - kLengthBytes) return {};
    frames.emplace_back(bytes.substr(kLengthBytes, length));
    bytes.remove_prefix(kLengthBytes + length);
  }
  return bytes.empty() ? frames : std::vector<std::string>();
}

int32_t xid_of(const std::string& frame) {
  return frame.size() < kLengthBytes ? 0 : static_cast<int32_t>(load_be32(frame.data()));
}
bool is_event(const std::string& frame) {
  return xid_of(frame) == wire::kEventXid.value && frame.size() > wire::kReplyHeaderSize;
}
bool is_reply(const std::string& frame) {
  return xid_of(frame) > 0 && frame.size() >= wire::kReplyHeaderSize;
}

// Changes the frames that the server sends.
using Change = std::function<void(std::vector<std::string>& frames)>;
class ChangedFrames : public Passing {
 public:
  ChangedFrames(std::unique_ptr<Engine> inner, Change change)
      : Passing(std::move(inner)), change_(std::move(change)) {}
  void step(Now now, const node::Input& input, node::Effects& out) override {
    inner_->step(now, input, sent_);
    for (node::Effect& effect : sent_.list()) {
      const auto* send = std::get_if<node::Send>(&effect);
      if (send == nullptr) {
        out.add(std::move(effect));
        continue;
      }
      std::vector<std::string> frames = frames_of(sent_.bytes(*send));
      if (frames.empty()) {
        out.send(send->connection, sent_.bytes(*send));
        continue;
      }
      change_(frames);
      for (const std::string& frame : frames) {
        char length[kLengthBytes];
        store_be32(length, static_cast<uint32_t>(frame.size()));
        out.send(send->connection, std::string(length, sizeof length) + frame);
      }
    }
    sent_.clear();
  }

 private:
  Change change_;
  node::Effects sent_;
};

EngineFactory with_changed_frames(const std::function<Change()>& make_change) {
  return around_server([make_change](std::unique_ptr<Engine> inner, Now) {
    return std::make_unique<ChangedFrames>(std::move(inner), make_change());
  });
}

// Works on pieces that begin with a frame, as they do where the network cuts nothing.
class KeptEphemerals : public Passing {
 public:
  using Passing::Passing;
  void step(Now now, const node::Input& input, node::Effects& out) override {
    const auto* received = std::get_if<node::Received>(&input);
    if (received == nullptr) return inner_->step(now, input, out);
    std::string bytes(received->bytes);
    for (size_t at = 0; bytes.size() - at >= kLengthBytes + wire::kRequestHeaderSize;) {
      const uint32_t length = load_be32(bytes.data() + at);
      if (length > bytes.size() - at - kLengthBytes || length < wire::kRequestHeaderSize) break;
      const auto type = static_cast<jute::OpCode>(load_be32(bytes.data() + at + 2 * kLengthBytes));
      at += kLengthBytes + length;
      if (type != jute::OpCode::kCreate && type != jute::OpCode::kCreate2) continue;
      // The flags stand at the end; their lowest bit means ephemeral.
      const bool sequential_or_plain = static_cast<uint8_t>(bytes[at - 1]) <= 3;
      if (sequential_or_plain) bytes[at - 1] = static_cast<char>(bytes[at - 1] & ~1);
    }
    inner_->step(now, node::Received{received->connection, bytes}, out);
  }
};

class OtherTime : public Passing {
 public:
  OtherTime(std::unique_ptr<Engine> inner, MonotonicTime origin, int64_t numerator,
            int64_t denominator)
      : Passing(std::move(inner)),
        origin_(origin),
        numerator_(numerator),
        denominator_(denominator) {}
  void start(Now now, node::Effects& out) override { inner_->start(shown(now), out); }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    inner_->step(shown(now), input, out);
  }
  std::optional<MonotonicTime> next_deadline() const override {
    const auto deadline = inner_->next_deadline();
    if (!deadline) return deadline;
    const int64_t ns = (*deadline - origin_).ns;
    return origin_ + Duration{(ns * denominator_ + numerator_ - 1) / numerator_};
  }

 private:
  Now shown(Now now) const {
    return {origin_ + Duration{(now.monotonic - origin_).ns * numerator_ / denominator_}, now.wall};
  }

  MonotonicTime origin_;
  int64_t numerator_, denominator_;
};

// `wrap` makes the defective engine of server 2's.
template <class Wrap>
EngineFactory around_server_2(Wrap wrap) {
  return [wrap](const node::Config& config, storage::Disk& disk, uint64_t seed, Now now) -> Made {
    auto inner = make_server(config, disk, seed, now);
    if (!inner || config.server_id != ServerId(2)) return inner;
    return wrap(std::move(*inner));
  };
}

class ForgedProposals : public Passing {
 public:
  using Passing::Passing;
  void step(Now now, const node::Input& input, node::Effects& out) override {
    const auto* opened = std::get_if<node::Opened>(&input);
    if (opened != nullptr && opened->port == node::Port::kClient) {
      clients_.insert(opened->connection);
    }
    const auto* received = std::get_if<node::Received>(&input);
    if (received == nullptr || clients_.contains(received->connection)) {
      return inner_->step(now, input, out);
    }
    // The data that the clients write begins so.
    std::string bytes(received->bytes);
    for (size_t at = bytes.find("c0x"); at != std::string::npos; at = bytes.find("c0x", at)) {
      bytes[at + 1] = '9';
    }
    inner_->step(now, node::Received{received->connection, bytes}, out);
  }

 private:
  std::set<ConnectionId> clients_;
};

class ClaimedEpoch : public Passing {
 public:
  using Passing::Passing;
  std::optional<Standing> standing() const override {
    return Standing{quorum::PeerState::kLeading, true, 1, ServerId(2)};
  }
};

// A disk for recovery that passes everything through.
class PassingDisk : public storage::Disk {
 public:
  explicit PassingDisk(storage::Disk& inner) : inner_(inner) {}
  std::expected<std::vector<storage::FileInfo>, storage::DiskError> list(
      storage::Folder folder) override {
    return inner_.list(folder);
  }
  std::expected<std::string, storage::DiskError> read(const storage::FileName& file,
                                                      uint64_t offset, uint64_t length) override {
    return inner_.read(file, offset, length);
  }
  std::expected<void, storage::DiskError> truncate(const storage::FileName& file,
                                                   uint64_t size) override {
    return inner_.truncate(file, size);
  }
  std::expected<void, storage::DiskError> rewrite(const storage::FileName& file, uint64_t offset,
                                                  std::string_view bytes) override {
    return inner_.rewrite(file, offset, bytes);
  }
  std::expected<void, storage::DiskError> remove(const storage::FileName& file) override {
    return inner_.remove(file);
  }

 protected:
  storage::Disk& inner_;
};

class OverlookedRecord : public PassingDisk {
 public:
  using PassingDisk::PassingDisk;
  std::expected<std::string, storage::DiskError> read(const storage::FileName& file,
                                                      uint64_t offset, uint64_t length) override {
    auto whole = inner_.read(file, 0, UINT64_MAX);
    if (!whole || file.folder != storage::Folder::kLog || !is_newest_log(file.name)) {
      return inner_.read(file, offset, length);
    }
    const auto scan = storage::scan_log(*whole, [](const storage::LogRecord&) { return true; });
    if (scan && scan->records >= 2) {
      std::fill(whole->begin() + static_cast<ptrdiff_t>(scan->last_offset), whole->end(), '\0');
    }
    return offset >= whole->size() ? std::string() : whole->substr(offset, length);
  }

 private:
  bool is_newest_log(const std::string& name) {
    const auto zxid = storage::zxid_of_log_name(name);
    const auto files = inner_.list(storage::Folder::kLog);
    if (!zxid || !files) return false;
    return std::ranges::all_of(*files, [&](const storage::FileInfo& file) {
      const auto other = storage::zxid_of_log_name(file.name);
      return !other || *other <= *zxid;
    });
  }
};

class OverlookedEnds : public PassingDisk {
 public:
  using PassingDisk::PassingDisk;
  std::expected<std::string, storage::DiskError> read(const storage::FileName& file,
                                                      uint64_t offset, uint64_t length) override {
    auto whole = inner_.read(file, 0, UINT64_MAX);
    if (!whole || !storage::zxid_of_log_name(file.name)) return inner_.read(file, offset, length);
    std::string changed = *whole;
    static_cast<void>(storage::scan_log(*whole, [&](const storage::LogRecord& record) {
      if (record.header.type != jute::OpCode::kCloseSession) return true;
      char* head = changed.data() + record.offset;
      store_be64(head + kRecordHead, 1);  // the session that ends
      store_be64(head, adler32({head + kRecordHead, record.payload.size()}));
      return true;
    }));
    return offset >= changed.size() ? std::string() : changed.substr(offset, length);
  }
  std::expected<void, storage::DiskError> rewrite(const storage::FileName& file, uint64_t offset,
                                                  std::string_view bytes) override {
    const auto held = inner_.read(file, offset, bytes.size());
    if (!held) return std::unexpected(held.error());
    return inner_.rewrite(file, offset, *held);
  }

 private:
  static constexpr size_t kRecordHead = 12;  // checksum and length
};

class SyncedOnly : public PassingDisk {
 public:
  using PassingDisk::PassingDisk;
  std::expected<void, storage::DiskError> rewrite(const storage::FileName& file, uint64_t,
                                                  std::string_view) override {
    const auto whole = inner_.read(file, 0, UINT64_MAX);
    if (!whole) return std::unexpected(whole.error());
    return inner_.truncate(file, whole->size());
  }
};

template <class DefectiveDisk>
EngineFactory over() {
  return [](const node::Config& config, storage::Disk& disk, uint64_t seed, Now now) -> Made {
    DefectiveDisk defective(disk);
    return make_server(config, defective, seed, now);
  };
}

}  // namespace

EngineFactory answers_before_the_sync() {
  return around_server([](std::unique_ptr<Engine> inner, Now) {
    return std::make_unique<EarlyAnswers>(std::move(inner));
  });
}

EngineFactory drops_watch_events() {
  return with_changed_frames([] {
    return [count = uint64_t{0}](std::vector<std::string>& frames) mutable {
      std::erase_if(frames,
                    [&](const std::string& frame) { return is_event(frame) && ++count % 5 == 0; });
    };
  });
}

EngineFactory doubles_watch_events() {
  return with_changed_frames([] {
    return [count = uint64_t{0}](std::vector<std::string>& frames) mutable {
      for (size_t i = 0; i < frames.size(); ++i) {
        if (!is_event(frames[i]) || ++count % 5 != 0) continue;
        std::string again = frames[i];
        frames.insert(frames.begin() + static_cast<ptrdiff_t>(++i), std::move(again));
      }
    };
  });
}

EngineFactory reorders_replies() {
  return with_changed_frames([] {
    return [](std::vector<std::string>& frames) {
      for (size_t i = 0; i + 1 < frames.size(); ++i) {
        if (is_reply(frames[i]) && is_reply(frames[i + 1])) std::swap(frames[i], frames[i + 1]);
      }
    };
  });
}

EngineFactory shows_old_zxids() {
  return with_changed_frames([] {
    return [count = uint64_t{0}](std::vector<std::string>& frames) mutable {
      for (std::string& frame : frames) {
        if (is_reply(frame) && ++count % 10 == 0) store_be64(frame.data() + kLengthBytes, 1);
      }
    };
  });
}

EngineFactory keeps_ephemerals() {
  return around_server([](std::unique_ptr<Engine> inner, Now) {
    return std::make_unique<KeptEphemerals>(std::move(inner));
  });
}

EngineFactory forges_proposals() {
  return around_server_2([](std::unique_ptr<Engine> inner) {
    return std::make_unique<ForgedProposals>(std::move(inner));
  });
}

EngineFactory claims_an_epoch() {
  return around_server_2([](std::unique_ptr<Engine> inner) {
    return std::make_unique<ClaimedEpoch>(std::move(inner));
  });
}

EngineFactory reuses_a_zxid() {
  return over<OverlookedRecord>();
}

EngineFactory forgets_session_ends() {
  return over<OverlookedEnds>();
}

EngineFactory keeps_another_time(int64_t numerator, int64_t denominator) {
  return around_server([=](std::unique_ptr<Engine> inner, Now now) {
    return std::make_unique<OtherTime>(std::move(inner), now.monotonic, numerator, denominator);
  });
}

EngineFactory trusts_the_page_cache() {
  return over<SyncedOnly>();
}

}  // namespace zoetrope::sim::defects
