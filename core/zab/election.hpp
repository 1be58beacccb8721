// Leader election as a state machine without connections: notifications and time go in, messages to
// send and at last a decision come out. Two algorithms stand behind one interface: fast leader
// election (electionAlg=3, facts/quorum-protocol.md section 5; upstream FastLeaderElection) and the
// basic one (electionAlg=0). Owns the votes that it has seen; it never does I/O.
#pragma once

#include <cstdint>
#include <functional>
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

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

struct ElectionConfig {
  ServerId self;
  Duration finalize_wait = Duration::from_ms(200);
  Duration notification_interval_min = Duration::from_ms(200);
  Duration notification_interval_max = Duration::from_ms(60'000);
};

// What the election has to know of its server when a round begins.
struct Candidacy {
  // False for a server that runs as an observer. One that the configuration does not name as a
  // participant has no vote either way; then this says whether it will observe or follow.
  bool may_vote = true;
  // Never the last applied (KB-04), and never a zxid of an epoch that was not established (KB-11).
  // -1: a database that nobody has vouched for; the server then waits for others to decide.
  Zxid last_logged;
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

  virtual std::unique_ptr<Election> clone() const = 0;

  // LOOKING begins: a new round. Messages may be addressed to this server itself: the owner hands
  // them to receive() at once, as it does with those of others.
  virtual void begin(const Candidacy& candidacy, MonotonicTime now,
                     std::vector<ElectionMessage>& out) = 0;
  // The server has a leader (itself perhaps); late comers are answered with `vote`. Once the leader
  // is established the owner says so again with the new epoch as the vote's peer epoch.
  virtual void settle(const Vote& vote, quorum::PeerState state) = 0;
  // A notification came from `from`. Also while the server is not LOOKING.
  virtual void receive(ServerId from, const quorum::Notification& notification, MonotonicTime now,
                       std::vector<ElectionMessage>& out) = 0;
  // `delivered`: the last message to at least one server got out, or there was none. At time-outs a
  // vote is sent again only then, as upstream does; otherwise it waits in the connections anyway.
  virtual void tick(MonotonicTime now, bool delivered, std::vector<ElectionMessage>& out) = 0;
  // Ends the wait for a better vote when nobody is left who could cast one: all voters but those
  // that `is_out_of_reach` names have voted alike. Whom it names is a guess; safety is the
  // quorum's.
  virtual void stop_waiting(const std::function<bool(ServerId)>& /*is_out_of_reach*/,
                            std::vector<ElectionMessage>& /*out*/) {}
  virtual std::optional<MonotonicTime> next_deadline() const = 0;
  // Set once the round is decided; begin() clears it.
  virtual const std::optional<Decision>& decision() const = 0;
  // The configurations whose quorums must agree: the current one, and the last seen one when that
  // is newer. Takes effect at once; a LOOKING server starts its round anew.
  virtual void set_ensembles(const quorum::Ensemble& current, const quorum::Ensemble* last_seen,
                             MonotonicTime now, std::vector<ElectionMessage>& out) = 0;
  // Participants of a configuration that is proposed elsewhere may be elected; nullptr: of none.
  // The basic election knows of no such.
  virtual void set_rumoured(const quorum::Ensemble* /*rumoured*/, MonotonicTime /*now*/,
                            std::vector<ElectionMessage>& /*out*/) {}
  // The round of fast leader election; of the basic one, how often it has asked.
  virtual int64_t round() const = 0;
  virtual uint64_t fingerprint() const = 0;
  virtual void carry_state(StateArchive& archive) = 0;
};

std::unique_ptr<Election> make_fast_election(const ElectionConfig& config);
std::unique_ptr<Election> make_basic_election(const ElectionConfig& config);

}  // namespace zoetrope::zab
