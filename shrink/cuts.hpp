// The ways in which a plan can be made smaller: its lists, with what each is without some elements,
// and its settings, one after the other nearer to their defaults. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "sim/plan.hpp"

namespace zoetrope::shrink {

// Lists of a plan, and the plan without [from, to) of one; nullopt when there can be no such plan.
size_t steps_in(const sim::Plan& plan);
std::optional<sim::Plan> without_steps(const sim::Plan& plan, size_t from, size_t to);
// Of all clients, one client after the other.
size_t actions_in(const sim::Plan& plan);
std::optional<sim::Plan> without_actions(const sim::Plan& plan, size_t from, size_t to);
// Steps that name a client that goes, go too.
size_t clients_in(const sim::Plan& plan);
std::optional<sim::Plan> without_clients(const sim::Plan& plan, size_t from, size_t to);
// The same for servers; one stays.
size_t servers_in(const sim::Plan& plan);
std::optional<sim::Plan> without_servers(const sim::Plan& plan, size_t from, size_t to);

// Settings of the plan's text: lines of servers, clients, network, steps and scripts.
size_t settings_in(const sim::Plan& plan);
// Plans in which the `number`-th setting is plainer, the plainest first; nullopt: there are not
// that many settings.
std::optional<std::vector<sim::Plan>> plainer_plans(const sim::Plan& plan, size_t number);

}  // namespace zoetrope::shrink
