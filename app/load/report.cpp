// The report of a run, as a table and as JSON.
#include <cinttypes>
#include <cstdio>

#include "app/load/run.hpp"

namespace zoetrope::load {
namespace {

struct Quantile {
  const char* name;
  uint32_t per_ten_thousand;
};
constexpr Quantile kQuantiles[] = {{"p50", 5000}, {"p90", 9000}, {"p99", 9900}, {"p99.9", 9990}};

template <class... Args>
void line(std::string& out, const char* format, Args... args) {
  char text[512];
  std::snprintf(text, sizeof text, format, args...);
  out += text;
}

double us(int64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

double us_an_operation(int64_t ns, const Report& report) {
  const uint64_t operations = report.measurement.operations;
  return operations == 0 ? 0 : us(ns) / static_cast<double>(operations);
}

int64_t server_cpu_ns(const Report& report) {
  int64_t sum = 0;
  for (const ServerUsage& server : report.servers) sum += server.cpu_ns;
  return sum;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      line(out, "\\u%04x", c);
    else
      out += c;
  }
  return out + '"';
}

std::string shape_of(const Options& options) {
  std::string out = options.workload + ", " + std::to_string(options.connections) + " connections";
  if (!find_workload(options.workload)->streams) return out;
  if (options.rate > 0)
    line(out, ", %.0f operations a second", options.rate);
  else
    line(out, " x %zu outstanding", options.outstanding);
  line(out, ", values of %zu bytes", options.value_bytes);
  return out;
}

void servers_table(std::string& out, const Report& report) {
  for (const ServerUsage& server : report.servers) {
    line(out, "server %-8d  %10.3f us CPU an operation, RSS %.1f MB (%+.1f MB)\n", server.pid,
         us_an_operation(server.cpu_ns, report), static_cast<double>(server.rss_bytes_after) / 1e6,
         static_cast<double>(server.rss_bytes_after - server.rss_bytes_before) / 1e6);
  }
  if (report.servers.size() > 1) {
    line(out, "all servers      %10.3f us CPU an operation\n",
         us_an_operation(server_cpu_ns(report), report));
  }
}

std::string servers_json(const Report& report) {
  std::string out;
  for (const ServerUsage& server : report.servers) {
    line(out,
         "%s{\"pid\":%d,\"cpu_ns\":%" PRId64 ",\"rss_bytes_before\":%" PRId64
         ",\"rss_bytes_after\":%" PRId64 "}",
         out.empty() ? "" : ",", server.pid, server.cpu_ns, server.rss_bytes_before,
         server.rss_bytes_after);
  }
  return out;
}

}  // namespace

std::string to_table(const Report& report) {
  const Measurement& m = report.measurement;
  std::string out;
  line(out, "workload         %s\n", shape_of(report.options).c_str());
  line(out, "operations       %10" PRIu64 " in %.1f s%s\n", m.operations,
       static_cast<double>(report.measured_ns) / 1e9, report.interrupted ? " (interrupted)" : "");
  line(out, "throughput       %10.0f operations a second\n", report.throughput());
  out += "latency         ";
  for (const Quantile& q : kQuantiles) {
    line(out, " %s %.1f us, ", q.name, us(m.latency.quantile(q.per_ten_thousand)));
  }
  line(out, " max %.1f us\n", us(m.latency.max()));
  servers_table(out, report);
  line(out, "this generator   %10.3f us CPU an operation\n",
       us_an_operation(report.generator_cpu_ns, report));
  for (const ExtraFigure& figure : report.extra) {
    line(out, "%-40s %12" PRId64 "\n", figure.name.c_str(), figure.value);
  }
  line(out, "errors           %10" PRIu64 "\n", report.errors());
  for (const auto& [what, count] : m.errors) {
    line(out, "  %-40s %10" PRIu64 "\n", what.c_str(), count);
  }
  return out;
}

std::string to_json(const Report& report) {
  const Options& o = report.options;
  const Measurement& m = report.measurement;
  std::string out;
  line(out,
       "{\"workload\":%s,\"connections\":%zu,\"outstanding\":%zu,\"rate\":%.0f,"
       "\"value_bytes\":%zu,\"keys\":%zu,\"measured_ns\":%" PRId64 ",\"operations\":%" PRIu64
       ",\"operations_a_second\":%.1f,",
       quoted(o.workload).c_str(), o.connections, o.outstanding, o.rate, o.value_bytes, o.keys,
       report.measured_ns, m.operations, report.throughput());
  out += "\"latency_ns\":{";
  for (const Quantile& q : kQuantiles) {
    line(out, "\"%s\":%" PRId64 ",", q.name, m.latency.quantile(q.per_ten_thousand));
  }
  line(out, "\"max\":%" PRId64 ",\"mean\":%" PRId64 "},", m.latency.max(), m.latency.mean());
  line(out,
       "\"server_cpu_ns_an_operation\":%.1f,\"generator_cpu_ns_an_operation\":%.1f,\"servers\":[",
       1e3 * us_an_operation(server_cpu_ns(report), report),
       1e3 * us_an_operation(report.generator_cpu_ns, report));
  out += servers_json(report) + "],\"extra\":{";
  for (size_t i = 0; i < report.extra.size(); ++i) {
    line(out, "%s%s:%" PRId64, i == 0 ? "" : ",", quoted(report.extra[i].name).c_str(),
         report.extra[i].value);
  }
  line(out, "},\"interrupted\":%s,\"errors\":{", report.interrupted ? "true" : "false");
  bool first = true;
  for (const auto& [what, count] : m.errors) {
    line(out, "%s%s:%" PRIu64, first ? "" : ",", quoted(what).c_str(), count);
    first = false;
  }
  return out + "}}\n";
}

}  // namespace zoetrope::load
