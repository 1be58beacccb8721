// The single operations that an operation stream can be made of: each writes requests and verifies
// the replies. Owns encoded templates, so that a request costs two copies.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/load/connection.hpp"
#include "app/load/options.hpp"
#include "app/load/workload.hpp"

namespace zoetrope::load {

// A small generator for keys: fast, and not the engine's.
class KeyDice {
 public:
  explicit KeyDice(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  // Uniform in [0, n), n < 2^32.
  uint32_t below(uint32_t n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>(((state_ >> 32) * n) >> 32);
  }

 private:
  uint64_t state_;
};

class Operation {
 public:
  virtual ~Operation() = default;
  // Creates what the operation needs before the measurement.
  virtual void prepare(Setup&) {}
  // Appends one request. Returns false when there is nothing more to do.
  virtual bool append(Connection& connection, int64_t since_ns) = 0;
  // True when a reply without an error has the right body.
  virtual bool verify(const Pending& pending, std::string_view body) const = 0;
  virtual std::vector<ExtraFigure> extra_figures(const FleetUsage&) const { return {}; }
};

using MakeOperation = std::unique_ptr<Operation> (*)(const Options& options);

std::unique_ptr<Operation> make_get(const Options& options);
std::unique_ptr<Operation> make_exists(const Options& options);
std::unique_ptr<Operation> make_set(const Options& options);
std::unique_ptr<Operation> make_mixed(const Options& options);
std::unique_ptr<Operation> make_create(const Options& options);
std::unique_ptr<Operation> make_create_delete(const Options& options);
std::unique_ptr<Operation> make_multi(const Options& options);
std::unique_ptr<Operation> make_sync(const Options& options);
std::unique_ptr<Operation> make_fill(const Options& options);

}  // namespace zoetrope::load
