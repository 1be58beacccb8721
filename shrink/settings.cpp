// Settings one by one nearer to their defaults. Those of the world and of steps are lines of the
// plan's text: a line that is left out means the default, so that no list of settings stands here.
// Actions of scripts are looked at as they are.
#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "scenario/scenario.hpp"
#include "scenario/words.hpp"
#include "shrink/cuts.hpp"

namespace zoetrope::shrink {

using sim::ClientAction;
using sim::Plan;

namespace {

struct Line {
  size_t begin = 0, end = 0;  // in the text, with its end of line
  std::string_view name, value;
  bool is_of_step = false;
};

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// The lines of a plan's text that are settings.
std::vector<Line> settings_of(std::string_view text) {
  std::vector<Line> lines;
  std::string_view section;
  bool in_script = false;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const std::string_view line = text.substr(begin, end - begin - 1);
    const size_t equals = line.find(" = ");
    if (in_script) {
      in_script = line != "]";
    } else if (line.starts_with("[")) {
      section = line;
    } else if (line.starts_with("script = ")) {
      in_script = !line.ends_with("]");
    } else if (equals != std::string_view::npos && !section.empty()) {
      const std::string_view name = line.substr(0, equals);
      const bool is_plain = !is_one_of(section, {"[ensemble]", "[must]", "[choices]"}) &&
                            !is_one_of(name, {"id", "do", "on"});
      if (is_plain) {
        lines.push_back({begin, end, name, line.substr(equals + 3), section == "[[steps]]"});
      }
    }
    begin = end;
  }
  return lines;
}

// Rounder times of a step, the roundest first.
std::vector<std::string> rounder(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') return {};
  const auto time = scenario::duration_of(value.substr(1, value.size() - 2));
  if (!time) return {};
  std::vector<std::string> rounded;
  for (const int64_t unit : {1'000'000'000, 100'000'000, 10'000'000, 1'000'000}) {
    for (const int64_t up : {0, 1}) {
      const Duration next{(time->ns / unit + up) * unit};
      if (next != *time && (up == 0 || time->ns % unit != 0)) {
        rounded.push_back(scenario::quoted(scenario::to_words(next)));
      }
    }
    if (time->ns % unit == 0) break;
  }
  return rounded;
}

std::optional<Plan> read(const std::string& text) {
  auto plan = scenario::parse(text, "");
  return plan ? std::optional(*std::move(plan)) : std::nullopt;
}

std::vector<Plan> plainer_line(const std::string& text, const Line& line) {
  std::vector<Plan> plans;
  const auto with = [&](const std::string& replacement) {
    std::string other = text;
    other.replace(line.begin, line.end - line.begin, replacement);
    if (auto plan = read(other)) plans.push_back(*std::move(plan));
  };
  with("");
  if (!line.is_of_step) return plans;
  for (const std::string& value : rounder(line.value)) {
    with(std::string(line.name) + " = " + value + "\n");
  }
  return plans;
}

// Plainer forms of one action.
std::vector<ClientAction> plainer_action(const ClientAction& action) {
  std::vector<ClientAction> plainer;
  const auto with = [&](auto&& change) {
    ClientAction other = action;
    if (change(other)) plainer.push_back(std::move(other));
  };
  const auto of_operation = [&](auto&& change) {
    with([&](ClientAction& other) {
      auto* operate = std::get_if<sim::Operate>(&other.deed);
      return operate != nullptr && change(*operate);
    });
  };
  with([](ClientAction& a) { return std::exchange(a.pause, Duration{}).ns != 0; });
  of_operation([](sim::Operate& o) {
    if (o.parts.size() < 2) return false;
    o.parts.pop_back();
    return true;
  });
  of_operation([](sim::Operate& o) {
    if (!o.operation.made) return false;
    o.operation.made.reset();
    return true;
  });
  of_operation([](sim::Operate& o) {
    auto& acl = o.operation.args.acl;
    return o.operation.args.kind == properties::OpKind::kCreate &&
           std::exchange(acl, properties::open_acl()) != properties::open_acl();
  });
  of_operation([](sim::Operate& o) {
    return std::exchange(o.operation.args.mode, properties::NodeMode::kPersistent) !=
           properties::NodeMode::kPersistent;
  });
  of_operation([](sim::Operate& o) { return std::exchange(o.operation.args.watch, false); });
  of_operation([](sim::Operate& o) { return std::exchange(o.operation.args.with_stat, false); });
  of_operation([](sim::Operate& o) { return std::exchange(o.operation.args.version, -1) != -1; });
  of_operation([](sim::Operate& o) {
    auto& data = o.operation.args.data;
    if (!data || data->size() <= 8) return false;
    data->resize(8);
    return true;
  });
  return plainer;
}

std::optional<std::vector<Plan>> plainer_actions(const Plan& plan, size_t number) {
  for (size_t c = 0; c < plan.world.clients.size(); ++c) {
    const auto& told = plan.world.clients[c].told;
    const size_t count = told ? told->size() : 0;
    if (number >= count) {
      number -= count;
      continue;
    }
    std::vector<Plan> plans;
    for (ClientAction& action : plainer_action((*told)[number])) {
      plans.push_back(plan);
      (*plans.back().world.clients[c].told)[number] = std::move(action);
    }
    return plans;
  }
  return std::nullopt;
}

}  // namespace

size_t settings_in(const Plan& plan) {
  const std::string text = scenario::print(plan);
  return settings_of(text).size();
}

std::optional<std::vector<Plan>> plainer_plans(const Plan& plan, size_t number) {
  const std::string text = scenario::print(plan);
  const std::vector<Line> lines = settings_of(text);
  if (number < lines.size()) return plainer_line(text, lines[number]);
  return plainer_actions(plan, number - lines.size());
}

}  // namespace zoetrope::shrink
