// A test that begins with an ensemble which serves, led by its last participant. Owns the rig.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/sim/ensemble_rig.hpp"

namespace zoetrope::sim {

class BootedEnsemble : public ::testing::Test {
 protected:
  void boot(int participants, int observers = 0, const EnsembleRig::Tweak& tweak = {}) {
    rig_ = std::make_unique<EnsembleRig>(participants, observers, tweak);
    for (int server = 1; server <= participants + observers; ++server) rig_->start(server);
    ASSERT_TRUE(converges()) << rig_->describe();
    ASSERT_TRUE(rig_->leads(participants)) << rig_->describe();
  }
  bool converges() {
    return rig_->run_until([this] { return rig_->is_converged(); }, 60'000);
  }
  EnsembleRig::Client& client_at(int server) {
    EnsembleRig::Client& client = rig_->client();
    EXPECT_TRUE(client.open(server)) << rig_->describe();
    return client;
  }

  std::unique_ptr<EnsembleRig> rig_;
};

}  // namespace zoetrope::sim
