// Chooses the runs of a guided campaign: fresh seeds, and runs that reached what few others did,
// with a part of their world drawn anew. Owns what was learnt; for the same beginning and the same
// coverage it always chooses the same.
#pragma once

#include <cstdint>
#include <vector>

#include "app/sim_campaign.hpp"
#include "core/base/random.hpp"
#include "sim/coverage.hpp"

namespace zoetrope::app {

class Guide {
 public:
  static constexpr uint64_t kGeneration = 64;

  Guide(uint64_t seed_first, std::vector<sim::Profile> profiles, sim::Overrides overrides);

  std::vector<Ticket> next(uint64_t count);
  // What the runs of a generation have reached, in their order.
  void learn(const std::vector<Ticket>& tickets, const std::vector<sim::PointSet>& reached);

 private:
  struct Entry {
    Ticket ticket;
    sim::PointSet reached;
  };
  Ticket fresh();
  Ticket mutant();

  std::vector<sim::Profile> profiles_;
  sim::Overrides overrides_;
  Random random_;
  uint64_t next_seed_;
  size_t next_profile_ = 0;
  std::vector<Entry> corpus_;
  std::vector<uint64_t> runs_by_point_;
};

}  // namespace zoetrope::app
