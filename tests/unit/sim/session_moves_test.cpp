// A session that goes from one server of an ensemble to another belongs to the one that it came to.
#include <gtest/gtest.h>

#include "tests/unit/sim/service_rig.hpp"

namespace zoetrope::sim {
namespace {

using jute::OpCode;

constexpr int32_t kSequential = 2;

TEST(SessionMoves, ASessionWritesOnEachServerThatItComesTo) {
  ServiceRig rig(3, 0, {});
  ASSERT_TRUE(rig.all_serve());
  auto client = rig.client();
  for (const size_t server : {0, 1, 2, 1, 0}) {
    client->disconnect();
    const SessionId before = client->session;
    ASSERT_TRUE(client->connect(server));
    EXPECT_TRUE(before == SessionId() || client->session == before);
    EXPECT_EQ(client->error_of(OpCode::kCreate, create_body("/n-", kSequential)), ErrorCode::kOk)
        << "on server " << server + 1;
  }
}

}  // namespace
}  // namespace zoetrope::sim
