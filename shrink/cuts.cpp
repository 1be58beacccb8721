#include "shrink/cuts.hpp"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "sim/members.hpp"
#include "sim/step_fields.hpp"

namespace zoetrope::shrink {

using sim::Plan;
using sim::Step;
using sim::Target;

namespace {

// Gives what a step names new numbers, because those [from, to) go: a visitor of
// sim/step_fields.hpp.
class Renumber {
 public:
  enum class What : uint8_t { kServers, kClients };
  Renumber(What what, size_t from, size_t to) : what_(what), from_(from), to_(to) {}

  template <typename T>
  void field(std::string_view, T& value, std::string_view) {
    look_at(value);
  }
  template <typename T>
  void need(std::string_view, T& value, std::string_view) {
    look_at(value);
  }
  void server(std::string_view, uint32_t& index, std::string_view) {
    if (what_ == What::kServers) move(index);
  }
  void client(std::string_view, uint32_t& index, std::string_view) {
    if (what_ == What::kClients) move(index);
  }
  void region(std::string_view, const std::string&, std::string_view) {}
  void servers(std::string_view, std::vector<uint32_t>& indices, std::string_view) {
    if (what_ == What::kServers) move_all(indices);
  }
  void clients(std::string_view, std::optional<std::vector<uint32_t>>& indices, std::string_view) {
    if (what_ == What::kClients && indices) move_all(*indices);
  }

  // It named one that goes.
  bool is_void() const { return is_void_; }

 private:
  bool goes(uint32_t index) const { return index >= from_ && index < to_; }
  uint32_t moved(uint32_t index) const {
    return index < to_ ? index : index - static_cast<uint32_t>(to_ - from_);
  }
  void move(uint32_t& index) {
    if (goes(index)) {
      is_void_ = true;
    } else {
      index = moved(index);
    }
  }
  void move_all(std::vector<uint32_t>& indices) {
    std::erase_if(indices, [this](uint32_t index) { return goes(index); });
    for (uint32_t& index : indices) index = moved(index);
  }
  void move_target(Target& target) {
    if (what_ != What::kServers) return;
    if (target.kind == Target::Kind::kServer) {
      move(target.index);
    } else if (target.kind == Target::Kind::kLeader) {
      // Only where nobody leads does it matter who that is.
      target.index = goes(target.index) ? 0 : moved(target.index);
    } else if (target.kind == Target::Kind::kSet) {
      move_all(target.servers);
      if (target.servers.empty()) is_void_ = true;
    }
  }
  template <typename T>
  void look_at(T& value) {
    if constexpr (std::is_same_v<T, Target>) {
      move_target(value);
    } else if constexpr (std::is_same_v<T, std::optional<Target>>) {
      if (value) move_target(*value);
    } else if constexpr (requires { fields(*this, value); }) {
      fields(*this, value);
    }
  }

  What what_;
  size_t from_, to_;
  bool is_void_ = false;
};

void renumber(Plan& plan, Renumber::What what, size_t from, size_t to) {
  std::erase_if(plan.world.steps, [&](Step& step) {
    Renumber numbers(what, from, to);
    if (step.on) numbers.field("", step.on->server, "");
    std::visit([&](auto& action) { fields(numbers, action); }, step.action);
    return numbers.is_void();
  });
  // What was chosen in the larger world is of no use in the smaller one.
  plan.world.told.reset();
}

template <typename Values>
void erase(Values& values, size_t from, size_t to) {
  values.erase(values.begin() + static_cast<ptrdiff_t>(from),
               values.begin() + static_cast<ptrdiff_t>(to));
}

}  // namespace

size_t steps_in(const Plan& plan) {
  return plan.world.steps.size();
}

std::optional<Plan> without_steps(const Plan& plan, size_t from, size_t to) {
  Plan smaller = plan;
  erase(smaller.world.steps, from, to);
  return smaller;
}

size_t actions_in(const Plan& plan) {
  size_t count = 0;
  for (const sim::ClientConfig& client : plan.world.clients) {
    count += client.told ? client.told->size() : client.script.actions;
  }
  return count;
}

std::optional<Plan> without_actions(const Plan& plan, size_t from, size_t to) {
  Plan smaller = plan;
  size_t first = 0;  // of the client's actions, among all
  for (sim::ClientConfig& client : smaller.world.clients) {
    if (!client.told) continue;
    const size_t count = client.told->size();
    const size_t begin = std::clamp(from, first, first + count) - first;
    const size_t end = std::clamp(to, first, first + count) - first;
    erase(*client.told, begin, end);
    first += count;
  }
  return smaller;
}

size_t clients_in(const Plan& plan) {
  return plan.world.clients.size();
}

std::optional<Plan> without_clients(const Plan& plan, size_t from, size_t to) {
  Plan smaller = plan;
  erase(smaller.world.clients, from, to);
  renumber(smaller, Renumber::What::kClients, from, to);
  return smaller;
}

size_t servers_in(const Plan& plan) {
  return plan.world.processes.size();
}

std::optional<Plan> without_servers(const Plan& plan, size_t from, size_t to) {
  Plan smaller = plan;
  erase(smaller.world.processes, from, to);
  const bool has_voter = std::ranges::any_of(smaller.world.processes, [](const auto& process) {
    return process.member.role == quorum::MemberRole::kParticipant && !process.member.is_spare;
  });
  if (!has_voter) return std::nullopt;
  renumber(smaller, Renumber::What::kServers, from, to);
  for (sim::ClientConfig& client : smaller.world.clients) {
    std::vector<ServerId>& members = client.script.workload.members;
    std::erase_if(members, [&](ServerId id) {
      return static_cast<size_t>(id.value) > smaller.world.processes.size();
    });
  }
  seat(smaller.world);
  return smaller;
}

}  // namespace zoetrope::shrink
