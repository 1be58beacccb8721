// Operations that make new znodes: create, create with delete, and the filling of a tree.
#include <algorithm>

#include "app/load/frame_builder.hpp"
#include "app/load/operation.hpp"
#include "core/base/endian.hpp"

namespace zoetrope::load {
namespace {

constexpr size_t kDigits = 10;
constexpr size_t kMultiHeaderBytes = 9;
// Children of one parent: a list of them stays well below a megabyte.
constexpr uint64_t kChildrenAParent = 10'000;

void write_digits(char* at, uint64_t number) {
  for (size_t i = kDigits; i-- > 0; number /= 10) at[i] = static_cast<char>('0' + number % 10);
}

std::string digits(uint64_t number) {
  std::string text(kDigits, '0');
  write_digits(text.data(), number);
  return text;
}

// Creates a new znode each time; with `deletes`, every second request deletes the one before.
class Create : public Operation {
 public:
  Create(const Options& options, bool deletes)
      : head_(options.root + "/new-"),
        reply_path_bytes_(head_.size() + kDigits),
        deletes_(deletes),
        create_(
            create_frame(head_ + digits(0), std::string(options.value_bytes, 'v'), kPersistent)),
        delete_(delete_frame(head_ + digits(0))) {}

  bool append(Connection& connection, int64_t since_ns) override {
    const bool deletes = deletes_ && connection.index() < last_.size() && last_[connection.index()];
    const std::string& frame = deletes ? delete_ : create_;
    const uint64_t number = deletes ? last_[connection.index()] : ++counter_;
    char* at = connection.append_request(frame.size(), Pending{since_ns, deletes});
    std::memcpy(at + 8, frame.data() + 8, frame.size() - 8);
    write_digits(at + kRequestHeaderBytes + 4 + head_.size(), number);
    if (deletes_) remember(connection.index(), deletes ? 0 : number);
    return true;
  }

  bool verify(const Pending& pending, std::string_view body) const override {
    if (pending.tag != 0) return body.empty();
    return body.size() == 4 + reply_path_bytes_ && body.substr(4, head_.size()) == head_;
  }

 private:
  void remember(size_t connection, uint64_t number) {
    if (last_.size() <= connection) last_.resize(connection + 1);
    last_[connection] = number;
  }

  std::string head_;
  size_t reply_path_bytes_;
  bool deletes_;
  std::string create_;
  std::string delete_;
  uint64_t counter_ = 0;
  std::vector<uint64_t> last_;  // by connection: the znode to delete next, 0 for none
};

// Creates `count` znodes below parents of 10,000, several in one multi.
class Fill : public Operation {
 public:
  explicit Fill(const Options& options)
      : options_(options), batch_(std::max<uint64_t>(options.multi_size, 1)) {
    jute::Writer op(op_);
    append_multi_create(op, path(0), std::string(options.value_bytes, 'v'));
    jute::Writer end(end_);
    append_multi_end(end);
    digits_offset_ = kMultiHeaderBytes + 4 + options.root.size() + 6;
  }
  void prepare(Setup& setup) override {
    for (uint64_t i = 0; i < options_.count; i += kChildrenAParent) {
      setup.put(path(i).substr(0, path(i).rfind('/')), "");
    }
    setup.finish();
  }

  bool append(Connection& connection, int64_t since_ns) override {
    const uint64_t size = std::min(batch_, options_.count - done_);
    if (size == 0) return false;
    const size_t bytes = kRequestHeaderBytes + size * op_.size() + end_.size();
    char* at = connection.append_request(bytes, Pending{since_ns, static_cast<uint32_t>(size)}) + 8;
    store_be32(at, static_cast<uint32_t>(jute::OpCode::kMulti));
    at += 4;
    for (uint64_t i = 0; i < size; ++i, ++done_, at += op_.size()) {
      std::memcpy(at, op_.data(), op_.size());
      write_digits(at + digits_offset_, done_ / kChildrenAParent);
      write_digits(at + digits_offset_ + kDigits + 1, done_);
    }
    std::memcpy(at, end_.data(), end_.size());
    return true;
  }

  bool verify(const Pending& pending, std::string_view body) const override {
    const size_t result_bytes = kMultiHeaderBytes + 4 + path(0).size();
    return body.size() == pending.tag * result_bytes + kMultiHeaderBytes;
  }

  std::vector<ExtraFigure> extra_figures(const FleetUsage& usage) const override {
    const auto znodes = static_cast<int64_t>(done_);
    if (znodes == 0 || usage.measured_ns == 0) return {};
    std::vector<ExtraFigure> figures{
        {"znodes", znodes},
        {"znodes_a_second", static_cast<int64_t>(static_cast<double>(znodes) * 1e9 /
                                                 static_cast<double>(usage.measured_ns))}};
    const int64_t grown_bytes = usage.rss_bytes_after - usage.rss_bytes_before;
    if (grown_bytes != 0) figures.push_back({"rss_bytes_a_znode", grown_bytes / znodes});
    return figures;
  }

 private:
  // ROOT/fill-PPPPPPPPPP/NNNNNNNNNN
  std::string path(uint64_t number) const {
    return options_.root + "/fill-" + digits(number / kChildrenAParent) + "/" + digits(number);
  }

  const Options options_;
  uint64_t batch_;
  uint64_t done_ = 0;
  std::string op_;
  std::string end_;
  size_t digits_offset_ = 0;
};

}  // namespace

std::unique_ptr<Operation> make_create(const Options& options) {
  return std::make_unique<Create>(options, false);
}
std::unique_ptr<Operation> make_create_delete(const Options& options) {
  return std::make_unique<Create>(options, true);
}
std::unique_ptr<Operation> make_fill(const Options& options) {
  return std::make_unique<Fill>(options);
}

}  // namespace zoetrope::load
