// A plan in a few sentences.
#include <string>

#include "scenario/words.hpp"
#include "scenario/writer.hpp"
#include "shrink/shrink.hpp"

namespace zoetrope::shrink {

using sim::Plan;

namespace {

std::string counted(size_t count, const std::string& name) {
  return std::to_string(count) + " " + name + (count == 1 ? "" : "s");
}

std::string ensemble(const Plan& plan) {
  size_t voters = 0, others = 0;
  for (const sim::ProcessConfig& process : plan.world.processes) {
    const bool votes =
        process.member.role == quorum::MemberRole::kParticipant && !process.member.is_spare;
    ++(votes ? voters : others);
  }
  std::string text = counted(voters, "server");
  if (others != 0) text += ", " + counted(others, "observer or spare server");
  return text;
}

std::string name_of_deed(const sim::ClientDeed& deed) {
  struct Visit {
    std::string operator()(const sim::Operate& operate) {
      const properties::Arguments& args = operate.operation.args;
      std::string text(to_string(args.kind));
      if (!args.path.empty()) text += " " + args.path;
      return text;
    }
    std::string operator()(const sim::Leave& leave) {
      return leave.at_once ? "moves to another server" : "leaves its server and comes back";
    }
    std::string operator()(const sim::CloseSession&) { return "closes its session"; }
    std::string operator()(const sim::FallSilent&) { return "falls silent"; }
    std::string operator()(const sim::Vanish&) { return "loses power"; }
    std::string operator()(const sim::SendMalformed&) { return "sends a malformed request"; }
    std::string operator()(const sim::ReadSlowly&) { return "reads slowly"; }
  };
  return std::visit(Visit{}, deed);
}

constexpr size_t kDeedsNamed = 6;

std::string client(size_t number, const sim::ClientConfig& config) {
  if (!config.told || config.told->empty()) return {};
  std::string text = "Client " + std::to_string(number) + ": ";
  for (size_t i = 0; i < config.told->size() && i < kDeedsNamed; ++i) {
    text += (i == 0 ? "" : ", ") + name_of_deed((*config.told)[i].deed);
  }
  if (config.told->size() > kDeedsNamed) {
    text += " and " + std::to_string(config.told->size() - kDeedsNamed) + " more";
  }
  return text + ".\n";
}

std::string step(const sim::Step& step) {
  std::string text;
  if (step.on) {
    scenario::Writer writer;
    writer.field("server", step.on->server, "");
    text = "When server " + writer.take()[0].second + " " + std::string(to_string(step.on->moment));
    if (step.on->nth != 1) text += " (time " + std::to_string(step.on->nth) + ")";
    if (step.after.ns != 0) text += ", " + scenario::to_words(step.after) + " later";
  } else {
    text = "At " + scenario::to_words(step.at - MonotonicTime{});
  }
  return text + ": " +
         std::visit(
             [](const auto& action) {
               const std::string parts = scenario::joined(scenario::telling_parts(action), ", ");
               return std::string(name_of(action).name) + (parts.empty() ? "" : " (" + parts + ")");
             },
             step.action) +
         ".\n";
}

}  // namespace

std::string story_of(const Plan& plan) {
  std::string text = counted(plan.world.clients.size(), "client") + " of " + ensemble(plan) + ".\n";
  for (size_t i = 0; i < plan.world.clients.size(); ++i) text += client(i, plan.world.clients[i]);
  for (const sim::Step& each : plan.world.steps) text += step(each);
  for (const std::string& property : plan.expect.breaks) text += "Then " + property + " breaks.\n";
  return text;
}

}  // namespace zoetrope::shrink
