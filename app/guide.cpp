#include "app/guide.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace zoetrope::app {
namespace {

// A point that no more runs than that have reached makes them worth to be kept.
constexpr uint64_t kRare = 3;
// Points whose runs are mutated: so many of the rarest.
constexpr size_t kTargets = 24;
constexpr size_t kCorpusMax = 4000;

// Parts of a world that may be drawn anew while the rest stays; the faults, and all that happens by
// chance, more often than the others.
constexpr std::string_view kParts[] = {"steps",    "steps", "triggers", "run",    "run",
                                       "network",  "sizes", "client0",  "faults", "client1",
                                       "ensemble", "modes", "changes"};

}  // namespace

Guide::Guide(uint64_t seed_first, std::vector<sim::Profile> profiles, sim::Overrides overrides)
    : profiles_(std::move(profiles)),
      overrides_(std::move(overrides)),
      random_(Random(seed_first).fork("guide")),
      next_seed_(seed_first),
      runs_by_point_(sim::kPointSlots) {}

std::vector<Ticket> Guide::next(uint64_t count) {
  std::vector<Ticket> tickets;
  while (tickets.size() < count) {
    tickets.push_back(corpus_.empty() || random_.one_in(2) ? fresh() : mutant());
  }
  return tickets;
}

Ticket Guide::fresh() {
  Ticket ticket{next_seed_, profiles_[next_profile_], overrides_};
  next_profile_ = (next_profile_ + 1) % profiles_.size();
  if (next_profile_ == 0) ++next_seed_;
  return ticket;
}

// Of the points that were reached, one of the rarest; of the runs that reached it, any.
Ticket Guide::mutant() {
  std::vector<size_t> slots;
  for (size_t slot = 0; slot < sim::kPointSlots; ++slot) {
    const auto has = [slot](const Entry& entry) { return entry.reached[slot]; };
    if (runs_by_point_[slot] != 0 && std::ranges::any_of(corpus_, has)) slots.push_back(slot);
  }
  std::ranges::stable_sort(slots, {}, [this](size_t slot) { return runs_by_point_[slot]; });
  const size_t slot = slots[random_.below(std::min(kTargets, slots.size()))];
  std::vector<const Entry*> parents;
  for (const Entry& entry : corpus_) {
    if (entry.reached[slot]) parents.push_back(&entry);
  }
  Ticket ticket = parents[random_.below(parents.size())]->ticket;
  for (uint64_t changes = 1 + random_.below(2); changes > 0; --changes) {
    const std::string part(kParts[random_.below(std::size(kParts))]);
    ticket.overrides.redraw[part] = 1 + random_.below(1'000'000);
  }
  return ticket;
}

void Guide::learn(const std::vector<Ticket>& tickets, const std::vector<sim::PointSet>& reached) {
  for (const sim::PointSet& points : reached) {
    for (size_t slot = 0; slot < sim::kPointSlots; ++slot) runs_by_point_[slot] += points[slot];
  }
  for (size_t i = 0; i < tickets.size(); ++i) {
    bool is_rare = false;
    for (size_t slot = 0; slot < sim::kPointSlots; ++slot) {
      is_rare = is_rare || (reached[i][slot] && runs_by_point_[slot] <= kRare);
    }
    if (is_rare && corpus_.size() < kCorpusMax) corpus_.push_back({tickets[i], reached[i]});
  }
}

}  // namespace zoetrope::app
