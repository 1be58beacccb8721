// Leader election as a state machine without connections: notifications and time go in, messages to
// send and at last a decision come out. Two algorithms stand behind one interface: fast leader
// election (electionAlg=3, facts/quorum-protocol.md section 5; upstream FastLeaderElection) and the
// basic one (electionAlg=0). Owns the votes that it has seen; it never does I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/quorum/ensemble.hpp"
#include "core/quorum/notification.hpp"
#include "core/zab/vote.hpp"

namespace zoetrope::zab {

struct ElectionConfig {
  ServerId self;
  Duration finalize_wait = Duration::from_ms(200);
  Duration notification_interval_min = Duration::from_ms(200);
  Duration notification_interval_max = Duration::from_ms(60'000);
};

// What the election has to know of its server when a round begins.
struct Candidacy {
  bool may_vote = true;     // participant of the current configuration
  Zxid last_logged;         // never the last applied (KB-04)
  int64_t current_epoch = 0;
};

struct ElectionMessage {
  ServerId to;
  quorum::Notification notification;  // without configuration: the sender adds it
};

struct Decision {
  ServerId leader;
  quorum::PeerState state = quorum::PeerState::kFollowing;  // of this server
  Vote vote;  // as it stood in the election; answers to late comers repeat it
};

class Election {
 public:
  virtual ~Election() = default;

  // LOOKING begins: a new round.
  virtual void begin(const Candidacy& candidacy, MonotonicTime now,
                     std::vector<ElectionMessage>& out) = 0;
  // The server has a leader (itself perhaps); late comers are answered with `vote`.
  virtual void settle(const Vote& vote, quorum::PeerState state) = 0;
  // A notification came from `from`. Also while the server is not LOOKING.
  virtual void receive(ServerId from, const quorum::Notification& notification, MonotonicTime now,
                       std::vector<ElectionMessage>& out) = 0;
  // A message to that server can be sent at once: its connection stands and nothing waits in it.
  // Asked at time-outs, where upstream sends again only when something got through.
  virtual void tick(MonotonicTime now, bool everything_delivered,
                    std::vector<ElectionMessage>& out) = 0;
  virtual std::optional<MonotonicTime> next_deadline() const = 0;
  // Set once the round is decided; begin() clears it.
  virtual const std::optional<Decision>& decision() const = 0;
  // The configurations whose quorums must agree: the current one, and the last seen one when that
  // is newer. Takes effect at once; a LOOKING server starts its round anew.
  virtual void set_ensembles(const quorum::Ensemble& current, const quorum::Ensemble* last_seen,
                             MonotonicTime now, std::vector<ElectionMessage>& out) = 0;
  virtual int64_t round() const = 0;
  virtual uint64_t fingerprint() const = 0;
};

std::unique_ptr<Election> make_fast_election(const ElectionConfig& config);
std::unique_ptr<Election> make_basic_election(const ElectionConfig& config);

}  // namespace zoetrope::zab
