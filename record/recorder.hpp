// Keeps the recording of one server while it runs: hands every input on, writes it down before, and
// what came of it after. Begins a new file, with the server's state, when the one before is nearly
// full. Does no I/O: files are memory that a Files provides. It never waits: where there is no room
// at hand it leaves out what comes until a file can be begun again, and the recording has a gap.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "core/node/server.hpp"
#include "record/entry.hpp"
#include "record/file.hpp"

namespace zoetrope::record {

// A file to be written: zeroed memory.
struct Room {
  uint32_t number = 0;
  char* at = nullptr;
  size_t size = 0;
  // How much of it may be written without waiting for anything; grows.
  const std::atomic<size_t>* ready = nullptr;
};

class Files {
 public:
  virtual ~Files() = default;
  // A file is at hand for next().
  virtual bool has_next() const = 0;
  // After done() for the one before.
  virtual std::optional<Room> next() = 0;
  // Why there will be no further file; nullopt as long as there may be one.
  virtual std::optional<std::string> failure() const = 0;
  // So much of the room was used and a little more will be: time to make more of it ready.
  virtual void hurry(const Room& room, size_t used) = 0;
  // Nothing more will be written.
  virtual void done(const Room& room, size_t used) = 0;
  // Something that a person should know.
  virtual void note(const std::string& line) = 0;
};

class Recorder {
 public:
  // `run` names this life of the server. Both outlive the recorder.
  Recorder(node::Server& server, Files& files, uint64_t run)
      : server_(server), files_(files), run_(run) {}

  void start(Now now, node::Effects& out);
  void step(Now now, const node::Input& input, node::Effects& out);
  // The server takes nothing more.
  void end(Now now);

 private:
  // Left free at the end of a file, for its End.
  static constexpr size_t kEndRoom = 64;

  bool is_open() const { return room_.at != nullptr; }
  void write(Now now, const node::Input* input);
  void did_step(const node::Effects& out);
  void lose(Now now);
  void begin_when_due(Now now);
  void begin(Now now);
  void give_up(const std::string& why);
  void close(Now now);

  node::Server& server_;
  Files& files_;
  uint64_t run_;
  Room room_;
  FileWriter file_;
  EffectsHash effects_;
  PeerConnections connections_;
  std::string scratch_;
  size_t hurried_ = 0;             // asked for more when that was used, or for a little less
  uint64_t step_ = 0;              // number of the next one
  uint64_t previous_effects_ = 0;  // of the step before in this file
  uint64_t lost_ = 0;              // steps that are in no file
  MonotonicTime next_try_;         // to begin a file, behind a gap
  bool is_given_up_ = false;
};

}  // namespace zoetrope::record
