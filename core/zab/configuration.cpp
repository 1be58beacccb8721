#include "core/zab/configuration.hpp"

#include <utility>
#include <vector>

namespace zoetrope::zab {

Configuration::Configuration(const RoleConfig& config, Ensembles& ensembles, ConfigFileNames names,
                             Host& host)
    : config_(config),
      ensembles_(ensembles),
      files_(std::move(names), config.self, kFirstConfigOp),
      host_(host) {}

void Configuration::propose(const quorum::Ensemble& ensemble) {
  if (!config_.reconfig_enabled || ensemble.version <= ensembles_.newest().version) return;
  ensembles_.last_seen = ensemble;
  drop_old_rumour();
  ++changes_;
  files_.store_proposed(ensemble);
  work();
}

void Configuration::announce(const quorum::Ensemble& ensemble) {
  if (!config_.reconfig_enabled) return;
  if (ensembles_.last_seen && ensembles_.last_seen->version != ensemble.version) {
    ensembles_.last_seen.reset();
    ++changes_;
    files_.drop_proposed();
  }
  propose(ensemble);
  work();
}

bool Configuration::activate(const quorum::Ensemble& ensemble) {
  if (!config_.reconfig_enabled || ensemble.version <= ensembles_.current.version) return false;
  ensembles_.current = ensemble;
  if (ensembles_.last_seen && ensembles_.last_seen->version <= ensemble.version) {
    ensembles_.last_seen.reset();
  }
  drop_old_rumour();
  ++changes_;
  files_.store_current(ensemble);
  work();
  return true;
}

bool Configuration::hear_of_proposed(const quorum::Ensemble& ensemble) {
  const quorum::Ensemble& known = ensembles_.rumoured ? *ensembles_.rumoured : ensembles_.newest();
  if (!config_.reconfig_enabled || ensemble.version <= known.version) return false;
  ensembles_.rumoured = ensemble;
  ++changes_;
  return true;
}

void Configuration::forget_rumour() {
  if (!ensembles_.rumoured) return;
  ensembles_.rumoured.reset();
  ++changes_;
}

void Configuration::drop_old_rumour() {
  const auto& rumoured = ensembles_.rumoured;
  if (rumoured && rumoured->version <= ensembles_.newest().version) ensembles_.rumoured.reset();
}

bool Configuration::completed(uint64_t op, const std::optional<storage::DiskError>& error) {
  if (!files_.completed(op, error)) return false;
  work();
  return true;
}

void Configuration::static_read(std::optional<std::string_view> text) {
  files_.static_read(text);
  work();
}

// A file that cannot be written is no reason to stop: the log and the other servers know the
// configuration, too.
void Configuration::work() {
  std::vector<storage::DiskOp> ops;
  files_.issue(ops);
  if (!ops.empty()) host_.disk(std::move(ops));
  if (files_.take_read_wish()) host_.read_static_config();
  if (const auto failure = files_.take_failure()) {
    host_.note(true, "the configuration's files are not up to date: " + *failure);
    work();
  }
}

void Configuration::add_to(RunningHash& hash) const {
  hash.add(ensembles_.current.to_string());
  hash.add(ensembles_.last_seen ? ensembles_.last_seen->to_string() : std::string());
  if (ensembles_.rumoured) hash.add(ensembles_.rumoured->to_string());
  files_.add_to(hash);
}

}  // namespace zoetrope::zab
