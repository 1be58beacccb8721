// What stock 3.8.0 servers said to each other, from tests/data/quorum/frames-3.8.0.txt: a line that
// begins with '#' says what was seen, the next one is the bytes.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "tests/support/bytes.hpp"

namespace zoetrope::quorum {

enum class SampleKind { kPacket, kNotification, kInitialMessage, kSnapshot };

struct Sample {
  SampleKind kind = SampleKind::kPacket;
  std::string title;
  std::string bytes;
};

inline std::vector<Sample> samples() {
  std::istringstream lines(test::read_test_data("quorum/frames-3.8.0.txt"));
  std::vector<Sample> all;
  std::string title;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) {
      title = line;
      continue;
    }
    SampleKind kind = SampleKind::kPacket;
    if (title.contains("snapshot stream")) kind = SampleKind::kSnapshot;
    if (title.starts_with("# FLE")) {
      kind = title.contains("INITIAL") ? SampleKind::kInitialMessage : SampleKind::kNotification;
    }
    all.push_back({kind, title, test::unhex(line)});
  }
  return all;
}

inline std::vector<Sample> samples(SampleKind kind) {
  std::vector<Sample> chosen;
  for (Sample& sample : samples()) {
    if (sample.kind == kind) chosen.push_back(std::move(sample));
  }
  return chosen;
}

// Texts that QuorumMaj.toString and QuorumHierarchical.toString of 3.8.0 gave, with ids of all
// kinds: tests/data/quorum/java-configs-3.8.0.txt, an empty line behind each.
inline std::vector<std::string> java_configs() {
  const std::string all = test::read_test_data("quorum/java-configs-3.8.0.txt");
  std::vector<std::string> texts;
  size_t start = 0;
  for (size_t end; (end = all.find("\n\n", start)) != std::string::npos; start = end + 2) {
    texts.push_back(all.substr(start, end - start));
  }
  return texts;
}

}  // namespace zoetrope::quorum
