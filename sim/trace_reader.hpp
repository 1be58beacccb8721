// The records of a trace file: from an event on, and back along the causes of one. Owns nothing;
// the file's bytes outlive what it gives.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/record.hpp"
#include "trace/file.hpp"

namespace zoetrope::sim {

// Calls `visit` with every record of the events from `first` on until it returns false. The error
// is for a record that cannot be read, by its offset in the file.
std::optional<DecodeError> visit_records(const trace::File& file, uint64_t first,
                                         const std::function<bool(const Record&)>& visit);
// The event, the one that planned it, and so on to the first; empty when the file has no such
// event. Records of events alone.
std::vector<Record> causes_of(const trace::File& file, uint64_t number);
// The number of the last event that the file has.
uint64_t last_event(const trace::File& file);

}  // namespace zoetrope::sim
