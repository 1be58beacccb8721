#include "core/base/id_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/slot_pool.hpp"

namespace zoetrope {
namespace {

// Keys with few tags, so that runs are long and tags collide.
TEST(IdTable, AgreesWithAMapWhileItGrowsAndShrinks) {
  Random random(11);
  IdTable table;
  std::map<uint32_t, uint32_t> tags;  // id -> tag
  const auto find = [&](const IdTable& in, uint32_t id, uint32_t tag) {
    return in.find(tag, [&](uint32_t candidate) { return candidate == id; });
  };
  for (int step = 0; step < 60000; ++step) {
    const auto id = static_cast<uint32_t>(random.below(3000));
    const bool grow = random.below(100) < (step % 20000 < 12000 ? 70U : 30U);
    const auto it = tags.find(id);
    if (grow && it == tags.end()) {
      const auto tag =
          static_cast<uint32_t>(random.below(2) == 0 ? random.below(50) : random.next());
      table.insert(tag, id);
      tags.emplace(id, tag);
      ASSERT_EQ(find(table, id, tag), id);
    } else if (!grow && it != tags.end()) {
      table.erase(it->second, id);
      ASSERT_EQ(find(table, id, it->second), IdTable::kNone);
      tags.erase(it);
    }
    ASSERT_EQ(table.size(), tags.size());
    if (step % 500 != 0) continue;
    const IdTable copy = table;
    for (const auto& [known, tag] : tags) {
      ASSERT_EQ(find(table, known, tag), known);
      ASSERT_EQ(find(copy, known, tag), known);
    }
  }
}

TEST(IdTable, EmptyOneFindsNothing) {
  IdTable table;
  EXPECT_EQ(table.find(0, [](uint32_t) { return true; }), IdTable::kNone);
  table.insert(0, 0);
  EXPECT_EQ(table.find(0, [](uint32_t) { return true; }), 0U);
  const IdTable moved = std::move(table);
  EXPECT_EQ(moved.size(), 1U);
}

TEST(SlotPool, ReusesSlotsAndKeepsAddresses) {
  SlotPool<int, 2> pool;
  std::vector<uint32_t> ids;
  for (int i = 0; i < 10; ++i) {
    ids.push_back(pool.allocate());
    EXPECT_EQ(pool[ids.back()], 0);
    pool[ids.back()] = i;
  }
  int* third = &pool[ids[3]];
  for (int i = 0; i < 100; ++i) pool.allocate();
  EXPECT_EQ(third, &pool[ids[3]]);
  EXPECT_EQ(pool.size(), 110U);
  pool.release(ids[5]);
  EXPECT_EQ(pool.size(), 109U);
  SlotPool<int, 2> copy = pool;
  EXPECT_EQ(pool.allocate(), ids[5]);
  EXPECT_EQ(pool[ids[5]], 0);
  EXPECT_EQ(copy[ids[4]], 4);
  EXPECT_EQ(copy.allocate(), ids[5]);
  EXPECT_EQ(copy.end(), pool.end());
}

}  // namespace
}  // namespace zoetrope
