#include "scenario/scenario.hpp"

#include <utility>

#include "scenario/script_text.hpp"
#include "scenario/steps_text.hpp"
#include "scenario/writer.hpp"
#include "sim/expectations.hpp"

namespace zoetrope::scenario {

using sim::Plan;
using sim::WorldConfig;

namespace {

// --- reading -------------------------------------------------------------------------------------

struct Sizes {
  uint64_t servers = 0, observers = 0, clients = 0;  // 0 servers or clients: as the profile says
  bool alone = false;                                // a server that is no member of an ensemble
};

class Parsing {
 public:
  Parsing(const toml::table& root, Text& text)
      : root_table_(root), text_(text), root_(root, "a scenario", text) {}

  Plan parse() {
    root_.field("title", plan_.title, "one line");
    root_.field("story", plan_.story, "what happens");
    root_.field("seed", plan_.seed, "of what is left free");
    read_sizes();
    draw_base();
    if (!plan_.world.processes.empty()) read_world();
    root_.finish();
    return std::move(plan_);
  }

 private:
  // Calls `read` with the reader of a table of the root, if it is there.
  template <typename Read>
  void with_table(std::string_view name, Read&& read) {
    const toml::node* node = root_.find(name);
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) return root_.refuse(*node, name, "a table [" + std::string(name) + "]");
    Reader in(*table, "[" + std::string(name) + "]", text_);
    read(in);
    in.finish();
  }
  template <typename T>
  void read_table(std::string_view name, T& value) {
    with_table(name, [&](Reader& in) { fields(in, value); });
  }

  void read_sizes() {
    with_table("ensemble", [&](Reader& in) {
      in.field("servers", sizes_.servers, "all of them, but for the observers that follow");
      in.field("observers", sizes_.observers, "beside them");
      in.field("clients", sizes_.clients, "that do something");
      in.field("alone", sizes_.alone, "the one server is no member of an ensemble");
      if (sizes_.servers + sizes_.observers > sim::kServersMax) {
        in.refuse(*in.find("servers"), "servers",
                  std::to_string(sim::kServersMax) + " at most, with observers");
        sizes_ = {};
      }
    });
    // Servers and clients that are named one by one are there.
    sizes_.clients = std::max<uint64_t>(sizes_.clients, entries("clients"));
  }
  size_t entries(std::string_view name) const {
    const toml::node* node = root_table_.get(name);
    return node != nullptr && node->is_array() ? node->as_array()->size() : 0;
  }

  void draw_base() {
    const toml::node* node = root_.find("profile");
    if (node == nullptr) return plain_base();
    const std::optional<std::string> name = node->value_exact<std::string>();
    const auto profile = name ? sim::parse_profile(*name) : std::nullopt;
    if (!profile) {
      std::vector<std::string_view> names;
      for (const sim::Profile each : sim::kProfiles) names.push_back(to_string(each));
      return root_.refuse(*node, "profile", "one of " + listed(names));
    }
    sim::Overrides overrides;
    overrides.servers = sizes_.servers;
    overrides.clients = sizes_.clients;
    if (sizes_.observers != 0) overrides.observers = sizes_.observers;
    plan_.world = draw_world(*profile, overrides, Random(plan_.seed).fork(to_string(*profile)));
  }

  void plain_base() {
    const uint64_t servers = sizes_.servers == 0 ? 3 : sizes_.servers;
    WorldConfig& world = plan_.world;
    world.processes.resize(servers + sizes_.observers);
    for (uint64_t i = 0; i < world.processes.size(); ++i) {
      sim::ProcessConfig& process = world.processes[i];
      if (!sizes_.alone) process.server.peer.emplace();
      if (i >= servers) process.member.role = quorum::MemberRole::kObserver;
    }
    world.clients.resize(sizes_.clients);
    if (sizes_.alone && world.processes.size() != 1) {
      text_.complain(root_table_, "with 'alone' there is one server");
      world.processes.clear();
    }
  }

  void read_world() {
    WorldConfig& world = plan_.world;
    text_.servers = world.processes.size();
    text_.clients = world.clients.size();
    with_table("run", [&](Reader& in) { run_fields(in, world); });
    read_table("network", world.network);
    read_topology();
    for (sim::ProcessConfig& process : world.processes) read_table("server", process);
    read_servers();
    for (sim::ClientConfig& client : world.clients) read_table("client", client);
    read_clients();
    seat(world);
    read_steps();
    read_choices();
    with_table("must", [&](Reader& in) { read_expectations(in); });
  }

  void read_topology() {
    with_table("topology", [&](Reader& in) {
      sim::Topology& topology = plan_.world.topology;
      fields(in, topology);
      const auto wrong = defect(topology);
      if (wrong) {
        text_.complain(*root_table_.get("topology"), *wrong);
        topology = {};
      }
      text_.regions = topology.regions;
    });
  }
  void check_region(const toml::table& table, std::string& region) {
    if (region.empty() || plan_.world.topology.find(region)) return;
    text_.complain(table,
                   "'region' must be one of [topology]: " + listed(plan_.world.topology.regions));
    region.clear();
  }
  void read_servers() {
    each_entry("servers", [&](const toml::table& table) {
      Reader in(table, "[[servers]]", text_);
      uint32_t index = 0;
      in.server("id", index, "which one");
      fields(in, plan_.world.processes[index]);
      in.finish();
      check_region(table, plan_.world.processes[index].region);
    });
  }
  // The first entry is that of client 0, and so on.
  void read_clients() {
    size_t number = 0;
    each_entry("clients", [&](const toml::table& table) {
      Reader in(table, "[[clients]]", text_);
      sim::ClientConfig& client = plan_.world.clients[number++];
      fields(in, client);
      if (const toml::node* script = in.find("script")) {
        client.told = read_script(*script, text_);
      }
      in.finish();
      check_region(table, client.region);
    });
  }
  template <typename Read>
  void each_entry(std::string_view name, Read&& read) {
    const toml::node* node = root_.find(name);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr) {
      return root_.refuse(*node, name, "tables [[" + std::string(name) + "]]");
    }
    for (const toml::node& each : *list) {
      if (const toml::table* table = each.as_table()) {
        read(*table);
      } else {
        root_.refuse(each, name, "tables [[" + std::string(name) + "]]");
      }
    }
  }

  void read_steps() {
    WorldConfig& world = plan_.world;
    sim::FaultConfig faults;
    with_table("faults", [&](Reader& in) {
      fields(in, faults);
      world.steps = draw_steps(faults, size_of(world), MonotonicTime{} + world.load_max,
                               Random(plan_.seed).fork("steps"));
    });
    const toml::node* node = root_.find("steps");
    if (node == nullptr) return;
    for (sim::Step& step : scenario::read_steps(*node, text_)) {
      world.steps.push_back(std::move(step));
    }
  }

  void read_choices() {
    const toml::node* node = root_.find("choices");
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) return root_.refuse(*node, "choices", "a table [choices]");
    sim::ChoiceList& told = plan_.world.told.emplace();
    for (const auto& [site, values] : *table) {
      std::vector<int64_t>& list = told[std::string(site.str())];
      const toml::array* numbers = values.as_array();
      if (numbers == nullptr) {
        text_.complain(values, "the choices of a site must be a list of numbers");
        continue;
      }
      for (const toml::node& each : *numbers) {
        if (const auto value = each.value_exact<int64_t>()) {
          list.push_back(*value);
        } else {
          text_.complain(each, "a choice must be a whole number");
        }
      }
    }
  }

  void read_expectations(Reader& in) {
    const auto names = [&](std::string_view name, std::vector<std::string>& list) {
      const toml::node* node = in.find(name);
      if (node == nullptr) return;
      const toml::array* array = node->as_array();
      if (array == nullptr) return in.refuse(*node, name, "a list of properties");
      for (const toml::node& each : *array) {
        const std::optional<std::string> property = each.value_exact<std::string>();
        if (!property || !place_of(sim::property_names(), *property)) {
          in.refuse(each, name, "names of properties: " + listed(sim::property_names()));
        } else {
          list.push_back(*property);
        }
      }
    };
    names("break", plan_.expect.breaks);
    names("ignore", plan_.expect.ignores);
    const auto bounds = [&](std::string_view name, std::map<std::string, uint64_t>& list) {
      const toml::node* node = in.find(name);
      if (node == nullptr) return;
      const toml::table* table = node->as_table();
      if (table == nullptr) return in.refuse(*node, name, "a table such as { epochs = 2 }");
      Reader counts(*table, "'" + std::string(name) + "'", text_);
      for (const std::string_view count : sim::count_names()) {
        if (counts.find(count) == nullptr) continue;
        counts.field(count, list[std::string(count)], "so many");
      }
      counts.finish();
    };
    bounds("at-least", plan_.expect.at_least);
    bounds("at-most", plan_.expect.at_most);
  }

  const toml::table& root_table_;
  Text& text_;
  Reader root_;
  Sizes sizes_;
  Plan plan_;
};

// --- writing -------------------------------------------------------------------------------------

std::string table(std::string_view head, const Parts& parts) {
  if (parts.empty()) return {};
  return "\n" + std::string(head) + "\n" + joined(parts, "\n") + "\n";
}

// What all have alike and is not the default.
Parts common(const std::vector<Parts>& all, const Parts& defaults) {
  Parts shared;
  if (all.empty()) return shared;
  for (const auto& part : without(all[0], defaults)) {
    const bool everywhere = std::ranges::all_of(
        all, [&](const Parts& parts) { return std::ranges::find(parts, part) != parts.end(); });
    if (everywhere) shared.push_back(part);
  }
  return shared;
}

std::string print_servers(const WorldConfig& world) {
  std::vector<Parts> all;
  sim::ProcessConfig fresh;
  if (world.processes[0].server.peer) fresh.server.peer.emplace();
  const Parts defaults = parts_of(fresh);
  for (const sim::ProcessConfig& process : world.processes) all.push_back(parts_of(process));
  const Parts shared = common(all, defaults);
  std::string text = table("[server]", shared);
  for (size_t i = 0; i < all.size(); ++i) {
    Parts own = without(without(all[i], defaults), shared);
    if (own.empty()) continue;
    own.insert(own.begin(), {"id", std::to_string(i + 1)});
    text += table("[[servers]]", own);
  }
  return text;
}

std::string print_clients(const WorldConfig& world) {
  std::vector<Parts> all;
  const Parts defaults = parts_of(sim::ClientConfig());
  for (const sim::ClientConfig& client : world.clients) all.push_back(parts_of(client));
  const Parts shared = common(all, defaults);
  std::string text = table("[client]", shared);
  size_t last = 0;  // with something of its own
  std::vector<Parts> own;
  for (size_t i = 0; i < all.size(); ++i) {
    own.push_back(without(without(all[i], defaults), shared));
    if (world.clients[i].told) own[i].emplace_back("script", write_script(*world.clients[i].told));
    if (!own[i].empty()) last = i + 1;
  }
  for (size_t i = 0; i < last; ++i) text += "\n[[clients]]\n" + joined(own[i], "\n") + "\n";
  return text;
}

std::string print_choices(const sim::ChoiceList& choices) {
  std::string text = "\n[choices]\n";
  for (const auto& [site, values] : choices) {
    text += key(site) + " = [";
    size_t width = 0;
    for (const int64_t value : values) {
      std::string word = std::to_string(value) + ",";
      if (width + word.size() > 96) width = (text += "\n  ", 2);
      text += word;
      width += word.size();
    }
    text += "]\n";
  }
  return text;
}

std::string print_expectations(const sim::Expectations& expect) {
  Parts parts;
  const auto names = [&](std::string_view name, const std::vector<std::string>& list) {
    if (!list.empty()) parts.emplace_back(name, list_of(list, quoted));
  };
  const auto bounds = [&](std::string_view name, const std::map<std::string, uint64_t>& list) {
    if (list.empty()) return;
    Parts inner;
    for (const auto& [count, bound] : list) inner.emplace_back(count, std::to_string(bound));
    parts.emplace_back(name, "{ " + joined(inner, ", ") + " }");
  };
  names("break", expect.breaks);
  names("ignore", expect.ignores);
  bounds("at-least", expect.at_least);
  bounds("at-most", expect.at_most);
  return table("[must]", parts);
}

// A text of several lines keeps them.
std::string paragraph(const std::string& text) {
  if (text.find('\n') == std::string::npos) return quoted(text);
  std::string lines;
  for (const char c : text) {
    if (c == '"' || c == '\\') lines += '\\';
    lines += c;
  }
  return "\"\"\"\n" + lines + "\"\"\"";
}

}  // namespace

std::expected<Plan, Mistakes> parse(std::string_view text, std::string_view name) {
  const toml::parse_result result = toml::parse(text);
  if (!result) {
    const toml::parse_error& error = result.error();
    return std::unexpected(Mistakes{std::string(name) + ":" +
                                    std::to_string(error.source().begin.line) + ": " +
                                    std::string(error.description())});
  }
  Text known{std::string(name), {}, 0, 0};
  Plan plan = Parsing(result.table(), known).parse();
  if (!known.mistakes.empty()) return std::unexpected(std::move(known.mistakes));
  return plan;
}

std::string print(const Plan& plan) {
  const WorldConfig& world = plan.world;
  std::string text;
  if (!plan.title.empty()) text += "title = " + quoted(plan.title) + "\n";
  if (!plan.story.empty()) text += "story = " + paragraph(plan.story) + "\n";
  text += "seed = " + std::to_string(plan.seed) + "\n";
  Parts sizes{{"servers", std::to_string(world.processes.size())},
              {"clients", std::to_string(world.clients.size())}};
  if (!world.processes[0].server.peer) sizes.emplace_back("alone", "true");
  text += table("[ensemble]", sizes);
  text += print_expectations(plan.expect);
  const auto run_parts = [](WorldConfig config) {
    Writer writer;
    run_fields(writer, config);
    return writer.take();
  };
  text += table("[run]", without(run_parts(world), run_parts(WorldConfig())));
  text += table("[network]", without(parts_of(world.network), parts_of(sim::NetworkConfig())));
  if (!world.topology.empty()) text += table("[topology]", parts_of(world.topology));
  text += print_servers(world);
  text += print_clients(world);
  text += write_steps(world.steps);
  if (world.told) text += print_choices(*world.told);
  return text;
}

}  // namespace zoetrope::scenario
