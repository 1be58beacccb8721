// Graphviz: what had to happen before what, direct edges only, and the chain that the violation (or
// the last event) was waiting for.
#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/graphviz.hpp>
#include <locale>
#include <sstream>

#include "trace/formats.hpp"
#include "trace/happens_before.hpp"
#include "trace/writing.hpp"

namespace zoetrope::trace {
namespace {

constexpr size_t kLabelCharacters = 60;

struct Arc {
  enum Kind : uint8_t { kOrder, kMessage, kCause } kind = kOrder;
  const Message* message = nullptr;
  bool is_critical = false;
};
struct Moment {
  bool is_critical = false;
};
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Moment, Arc>;

// The order of each lane, and messages and causes that say more than other edges do already.
Graph direct_edges(const Story& story) {
  const Clocks clocks(story);
  const auto before = predecessors(story);
  const MessageEnds ends(story);
  Graph graph(story.events.size());
  for (uint64_t i = 0; i < story.events.size(); ++i) {
    if (before[i]) boost::add_edge(*before[i], i, Arc{}, graph);
    const auto is_implied = [&](uint64_t sender) {
      if (before[i] && clocks.reaches(sender, *before[i])) return true;
      return std::ranges::any_of(ends.incoming[i], [&](uint64_t other) {
        const uint64_t from = story.messages[other].from;
        return from != sender && clocks.reaches(sender, from);
      });
    };
    for (const uint64_t m : ends.incoming[i]) {
      const Message& message = story.messages[m];
      if (is_implied(message.from)) continue;
      boost::add_edge(message.from, i, Arc{Arc::kMessage, &message}, graph);
    }
    const auto& cause = story.events[i].cause;
    if (cause && !clocks.reaches(*cause, i)) boost::add_edge(*cause, i, Arc{Arc::kCause}, graph);
  }
  return graph;
}

uint64_t end_of_story(const Story& story) {
  for (uint64_t i = story.events.size(); i-- > 0;) {
    if (story.events[i].kind == EventKind::kViolation) return i;
  }
  return story.events.size() - 1;
}

// From the end back, each time to what came last of all that had to come.
void mark_critical_path(Graph& graph, uint64_t end) {
  graph[end].is_critical = true;
  while (boost::in_degree(end, graph) != 0) {
    const auto edges = boost::make_iterator_range(boost::in_edges(end, graph));
    const auto last = std::ranges::max(edges, {}, [&](auto edge) { return source(edge, graph); });
    graph[last].is_critical = true;
    end = source(last, graph);
    graph[end].is_critical = true;
  }
}

std::string node_attributes(const Story& story, uint64_t i, bool is_critical) {
  const Event& event = story.events[i];
  const Lane& lane = story.lanes[event.lane];
  return fmt::format(R"([label="{}  {}\n{} {}",group="{}",color="{}"{}])",
                     dot_text(lane.name, kLabelCharacters), time_text(event.at),
                     look(event.kind).name, dot_text(event.text, kLabelCharacters), event.lane,
                     look(event.kind).colour,
                     is_critical ? R"(,penwidth=3,style="filled",fillcolor="#fff3e0")" : "");
}

// `to` is the event that the edge leads to. A label where that one does not say it already: labels
// of edges are what takes Graphviz longest.
std::string edge_attributes(const Arc& arc, const Event& to) {
  std::string text = fmt::format("[weight={}", arc.kind == Arc::kOrder ? 10 : 1);
  if (arc.kind == Arc::kOrder) text += R"(,color="#9e9e9e")";
  if (arc.kind == Arc::kCause) text += ",style=dashed";
  if (arc.message != nullptr) {
    const bool is_told = to.text.find(arc.message->text) != std::string::npos;
    text += fmt::format(R"(,{}="{}")", is_told ? "tooltip" : "label",
                        dot_text(arc.message->text, kLabelCharacters));
  }
  if (arc.is_critical) text += R"(,color="#d50000",penwidth=3)";
  return text + ']';
}

std::string head(const Picture& picture) {
  const std::string left_out =
      picture.left_out.empty()
          ? ""
          : "\\nleft out: " + dot_text(picture.left_out, std::string_view::npos);
  return fmt::format(
      "graph [label=\"{}{}\",labelloc=t,rankdir=TB,nslimit=1,nslimit1=1,fontname=\"sans-serif\"];\n"
      "node [shape=box,fontname=\"sans-serif\",fontsize=10];\n"
      "edge [fontname=\"sans-serif\",fontsize=9];\n",
      dot_text(picture.story.title, 200), left_out);
}

}  // namespace

std::string dot(const Picture& picture) {
  const Story& story = picture.story;
  Graph graph = direct_edges(story);
  if (!story.events.empty()) mark_critical_path(graph, end_of_story(story));
  std::ostringstream out;
  out.imbue(std::locale::classic());
  boost::write_graphviz(
      out, graph,
      [&](std::ostream& to, uint64_t i) { to << node_attributes(story, i, graph[i].is_critical); },
      [&](std::ostream& to, const Graph::edge_descriptor& edge) {
        to << edge_attributes(graph[edge], story.events[target(edge, graph)]);
      },
      [&](std::ostream& to) { to << head(picture); });
  return out.str();
}

}  // namespace zoetrope::trace
