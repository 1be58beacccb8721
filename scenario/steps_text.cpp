#include "scenario/steps_text.hpp"

#include <utility>

#include "scenario/writer.hpp"

namespace zoetrope::scenario {

using sim::Action;
using sim::Step;
using sim::Trigger;

namespace {

// Calls `take` with a fresh action of every kind.
template <typename Take>
void each_action(Take&& take) {
  [&]<size_t... I>(std::index_sequence<I...>) {
    (take(std::variant_alternative_t<I, Action>()), ...);
  }(std::make_index_sequence<std::variant_size_v<Action>>());
}

std::vector<std::string_view> names_of_actions() {
  std::vector<std::string_view> names;
  each_action([&](const auto& action) { names.push_back(name_of(action).name); });
  return names;
}

std::vector<std::string_view> names_of_moments() {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < sim::kMomentCount; ++i) {
    names.push_back(to_string(static_cast<sim::Moment>(i)));
  }
  return names;
}

// A moment alone is one at any server.
void read_trigger(const toml::node& node, Step& of, Reader& step, Text& text) {
  Trigger& trigger = of.on.emplace();
  std::optional<std::string> name = node.value_exact<std::string>();
  if (const toml::table* table = node.as_table()) {
    Reader in(*table, "'on'", text);
    in.need("moment", name.emplace(), "what happens");
    in.field("server", trigger.server, "to whom");
    in.field("nth", trigger.nth, "the how-manieth time");
    Duration since;
    in.field("since", since, "moments before that do not count");
    of.at = MonotonicTime{} + since;
    if (trigger.nth == 0) in.refuse(*in.find("nth"), "nth", "1 or more");
    in.finish();
  } else if (!name) {
    return step.refuse(node, "on", "a moment, or { moment = ..., server = ..., nth = ... }");
  }
  const std::optional<sim::Moment> moment = sim::parse_moment(*name);
  if (!moment) return step.refuse(node, "on", "one of " + listed(names_of_moments()));
  trigger.moment = *moment;
}

std::optional<Action> read_action(Reader& in, const toml::node& node, const std::string& name) {
  std::optional<Action> found;
  each_action([&]<typename A>(A action) {
    if (found || name_of(action).name != name) return;
    fields(in, action);
    found = std::move(action);
  });
  if (!found) in.refuse(node, "do", "one of " + listed(names_of_actions()));
  return found;
}

void read_step(const toml::table& table, std::vector<Step>& steps, Text& text) {
  std::string name;
  if (const toml::node* node = table.get("do")) name = node->value_or(std::string());
  Reader in(table, name.empty() ? "a step" : "the step '" + name + "'", text);
  in.need("do", name, "what happens");
  Step step;
  Duration at;
  in.field("at", at, "when");
  step.at = MonotonicTime{} + at;
  in.field("after", step.after, "so long behind its trigger");
  const toml::node* on = in.find("on");
  if (on != nullptr) read_trigger(*on, step, in, text);
  if ((on != nullptr) == (in.find("at") != nullptr)) {
    text.complain(table, "a step comes either 'at' a time or 'on' a moment");
  }
  std::optional<Action> action = read_action(in, table, name);
  if (!action) return;
  in.finish();
  step.action = *std::move(action);
  steps.push_back(std::move(step));
}

}  // namespace

std::vector<Step> read_steps(const toml::node& node, Text& text) {
  std::vector<Step> steps;
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    text.complain(node, "'steps' must be tables [[steps]]");
    return steps;
  }
  for (const toml::node& each : *list) {
    if (const toml::table* table = each.as_table()) {
      read_step(*table, steps, text);
    } else {
      text.complain(each, "'steps' must be tables [[steps]]");
    }
  }
  return steps;
}

std::string write_steps(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    Writer out;
    if (step.on) {
      Writer on;
      on.add("moment", quoted(to_string(step.on->moment)));
      on.field("server", step.on->server, "");
      if (step.on->nth != 1) on.field("nth", step.on->nth, "");
      if (step.at.ns != 0) on.field("since", step.at - MonotonicTime{}, "");
      out.add("on", "{ " + joined(on.take(), ", ") + " }");
      if (step.after.ns != 0) out.field("after", step.after, "");
    } else {
      out.field("at", step.at - MonotonicTime{}, "");
    }
    std::visit(
        [&]<typename A>(const A& action) {
          out.add("do", quoted(name_of(action).name));
          for (auto& [name, value] : telling_parts(action)) {
            out.add(name, std::move(value));
          }
        },
        step.action);
    text += "\n[[steps]]\n" + joined(out.take(), "\n") + "\n";
  }
  return text;
}

std::string list_of_steps() {
  std::string text;
  each_action([&]<typename A>(A action) {
    const sim::ActionName name = name_of(action);
    text += std::string(name.name) + ": " + std::string(name.what) + "\n" + described(action);
  });
  return text;
}

}  // namespace zoetrope::scenario
