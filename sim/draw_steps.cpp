// The steps of a run as a seed draws them. Nothing here looks at a running world: all is known
// before it begins.
#include "sim/draw_steps.hpp"

#include <algorithm>
#include <utility>

namespace zoetrope::sim {

namespace {

class Drawing {
 public:
  Drawing(const FaultConfig& config, const WorldSize& size, Random random)
      : config_(config), size_(size), random_(random) {}

  std::vector<Step> draw(MonotonicTime end) {
    while (true) {
      now_ = now_ + Duration{random_.between(config_.interval_min.ns, config_.interval_max.ns)};
      if (now_ >= end) return std::move(steps_);
      draw_one();
    }
  }

 private:
  using Draw = void (Drawing::*)();

  void draw_one() {
    const FaultConfig& f = config_;
    const std::pair<uint64_t, Draw> kinds[] = {
        {f.kill_weight, &Drawing::kill},
        {f.power_loss_weight, &Drawing::power_loss},
        {f.shutdown_weight, &Drawing::shutdown},
        {f.disk_weight, &Drawing::disk},
        {f.wall_jump_weight, &Drawing::wall_jump},
        {f.hold_weight, &Drawing::hold},
        {f.break_weight, &Drawing::break_links},
        {f.split_weight, &Drawing::split},
        {f.isolate_weight, &Drawing::isolate},
        {f.bridge_weight, &Drawing::bridge},
        {f.link_weight, &Drawing::cut_link},
        {f.crash_many_weight, &Drawing::crash_some},
        {f.crash_all_weight, &Drawing::crash_all},
        {f.pause_weight, &Drawing::pause},
        {f.slow_cpu_weight, &Drawing::slow_cpu},
        {f.rolling_restart_weight, &Drawing::rolling_restart},
        {f.slow_disk_weight, &Drawing::slow_disk},
        {f.stall_disk_weight, &Drawing::stall_disk},
        {f.rot_weight, &Drawing::rot},
        {f.wipe_weight, &Drawing::wipe},
        {f.backup_weight, &Drawing::backup},
        {f.skew_weight, &Drawing::skew},
        {f.drift_weight, &Drawing::drift},
        {f.slow_link_weight, &Drawing::slow_link},
        {f.loss_weight, &Drawing::loss},
        {f.bandwidth_weight, &Drawing::bandwidth},
        {f.small_segment_weight, &Drawing::small_segment},
        {f.half_open_weight, &Drawing::half_open},
        {f.connect_weight, &Drawing::connect},
        {f.wan_weight, &Drawing::wan},
        {f.herd_weight, &Drawing::herd},
        {f.migrate_weight, &Drawing::migrate},
        {f.slow_reader_weight, &Drawing::slow_reader},
        {f.edge_weight, &Drawing::edge},
        {f.stranger_weight, &Drawing::stranger},
        {f.upgrade_weight, &Drawing::upgrade},
        {f.replace_weight, &Drawing::replace}};
    uint64_t sum = 0;
    for (const auto& [weight, draw] : kinds) sum += weight;
    if (sum == 0) return;
    uint64_t at = random_.below(sum);
    for (const auto& [weight, draw] : kinds) {
      if (at < weight) return (this->*draw)();
      at -= weight;
    }
  }

  void add(Action action) { steps_.push_back({now_, std::nullopt, {}, std::move(action)}); }
  uint32_t any_server() { return static_cast<uint32_t>(random_.below(size_.servers)); }
  uint32_t any_client() { return static_cast<uint32_t>(random_.below(size_.clients)); }
  Duration up_to(Duration longest) { return Duration{random_.between(1, longest.ns)}; }
  std::vector<uint32_t> some_of(uint32_t count) {
    std::vector<uint32_t> some;
    for (uint32_t i = 0; i < count; ++i) {
      if (random_.one_in(2)) some.push_back(i);
    }
    return some;
  }

  void die(uint32_t server, DeathKind how) {
    const bool between_effects = random_.below(100) < config_.between_effects_percent;
    add(Kill{Target::server(server), how,
             between_effects ? 1 + random_.below(config_.effects_max) : 0});
  }
  void kill() { die(any_server(), DeathKind::kKill); }
  void power_loss() { die(any_server(), DeathKind::kPowerLoss); }
  // That many servers at once, of all alike or each in its own way.
  void crash(uint32_t count) {
    const bool alike = random_.one_in(2);
    const bool all_lose_power = random_.one_in(2);
    const uint32_t first = any_server();
    for (uint32_t i = 0; i < count; ++i) {
      const bool loses_power = alike ? all_lose_power : random_.one_in(2);
      die((first + i) % size_.servers, loses_power ? DeathKind::kPowerLoss : DeathKind::kKill);
    }
  }
  void crash_some() { crash(1 + any_server()); }
  void crash_all() { crash(size_.servers); }
  void shutdown() { add(Shutdown{Target::server(any_server())}); }

  void disk() {
    DiskFault fault;
    fault.server = Target::server(any_server());
    fault.kind = static_cast<DiskFault::Kind>(random_.below(4));
    fault.one_in = 1 + random_.below(8);
    fault.room_bytes = random_.below(4096);
    fault.lasts = up_to(config_.disk_fault_max);
    add(fault);
  }
  void wall_jump() {
    add(WallJump{Target::server(any_server()),
                 random_.between(-config_.wall_jump_ms_max, config_.wall_jump_ms_max)});
  }
  void hold() {
    if (size_.clients == 0) return;
    const uint32_t client = any_client(), server = any_server();
    const bool towards_server = random_.one_in(2);
    add(HoldLink{client, server, towards_server, up_to(config_.hold_max)});
  }
  void break_links() {
    if (size_.clients != 0) add(BreakLinks{any_client()});
  }

  // Only so many partitions at once.
  template <typename Cut>
  void cut(Cut cut) {
    if (random_.below(100) < config_.give_up_percent)
      cut.terms.give_up = up_to(config_.give_up_max);
    cut.terms.lasts = up_to(config_.cut_max);
    std::erase_if(cuts_end_, [this](MonotonicTime end) { return end <= now_; });
    if (cuts_end_.size() >= config_.cuts_at_once) return;
    cuts_end_.push_back(now_ + cut.terms.lasts);
    add(std::move(cut));
  }
  void split() {
    Split split{some_of(size_.servers), std::nullopt, {}};
    if (random_.one_in(2)) split.clients = some_of(size_.clients);
    cut(std::move(split));
  }
  // Mostly the leader.
  void isolate() {
    Isolate isolate;
    isolate.server = Target::server(any_server());
    if (!random_.one_in(3)) isolate.server.kind = Target::Kind::kLeader;
    isolate.from_clients = random_.one_in(3);
    cut(std::move(isolate));
  }
  void bridge() {
    const uint32_t middle = any_server();
    cut(Bridge{middle, some_of(size_.servers), {}});
  }
  void cut_link() {
    if (size_.servers < 2) return;
    const uint32_t from = any_server();
    const auto step = static_cast<uint32_t>(1 + random_.below(size_.servers - 1));
    cut(CutLink{from, (from + step) % size_.servers, random_.one_in(2), {}});
  }

  // --- what no profile has by default ------------------------------------------------------------

  // Any server, or the leader, whoever that will be, or a follower.
  Target someone() {
    Target target = Target::server(any_server());
    if (random_.one_in(3)) target.kind = Target::Kind::kLeader;
    if (random_.one_in(6)) target.kind = Target::Kind::kAnyFollower;
    return target;
  }
  Duration while_slow() { return up_to(config_.slow_max); }
  std::optional<Duration> soon() {
    if (random_.one_in(2)) return std::nullopt;
    return up_to(Duration::from_ms(500));
  }
  template <typename E>
  E one_of(uint64_t count) {
    return static_cast<E>(random_.below(count));
  }
  Links links() {
    Links links;
    links.server = someone();
    links.peers = one_of<Links::Peers>(3);
    links.way = one_of<Links::Way>(3);
    if (random_.one_in(2)) links.others = Target::server(any_server());
    return links;
  }
  void pause() { add(Pause{someone(), one_of<Pause::Kind>(2), while_slow()}); }
  void slow_cpu() {
    add(SlowCpu{someone(), 100 + random_.below(2000), random_.between(10, 2000), while_slow()});
  }
  RollingRestart restart() {
    RollingRestart restart;
    restart.how = one_of<StopKind>(3);
    restart.down = up_to(Duration::from_ms(1000));
    return restart;
  }
  void rolling_restart() { add(restart()); }
  void slow_disk() { add(SlowDisk{someone(), 200 + random_.below(5000), while_slow()}); }
  void stall_disk() { add(StallDisk{someone(), while_slow()}); }
  void rot() { add(RotDisk{someone(), one_of<RotDisk::Files>(3), 1 + random_.below(4), soon()}); }
  void wipe() { add(WipeDisk{someone(), soon()}); }
  void backup() {
    if (random_.one_in(2)) return add(BackUpDisk{someone()});
    add(RestoreDisk{someone(), soon()});
  }
  void skew() {
    add(ClockSkew{someone(), random_.between(-config_.wall_jump_ms_max, config_.wall_jump_ms_max)});
  }
  void drift() {
    add(ClockDrift{someone(), random_.between(-config_.drift_ppm_max, config_.drift_ppm_max),
                   while_slow()});
  }
  Latency any_delay() {
    const int64_t us = random_.between(100, 50'000);
    switch (random_.below(5)) {
      case 0: return Latency::fixed(us);
      case 1: return Latency::uniform(us, 4 * us);
      case 2: return Latency::log_normal(us, random_.between(20, 150), 2'000'000);
      case 3: return Latency::pareto(us, random_.between(80, 300), 2'000'000);
      default: return Latency::empirical({us / 10, us, us, 2 * us, 20 * us});
    }
  }
  void slow_link() { add(SlowLinks{links(), any_delay(), while_slow()}); }
  void loss() {
    LoseSegments loss{links(), 2 + random_.below(20), {}, random_.below(8), while_slow()};
    loss.retransmit_after = up_to(Duration::from_ms(400));
    add(std::move(loss));
  }
  void bandwidth() { add(LimitBandwidth{links(), 2'000 + random_.below(100'000), while_slow()}); }
  void small_segment() { add(SmallSegments{links(), 1 + random_.below(20), while_slow()}); }
  void half_open() { add(HalfOpen{links(), random_.one_in(2)}); }
  void connect() {
    add(FailConnects{someone(), one_of<FailConnects::Kind>(4), one_of<PortKind>(4),
                     up_to(Duration::from_ms(2000)), while_slow()});
  }
  void wan() {
    if (size_.regions.empty()) return;
    if (size_.links.empty() || random_.one_in(2)) {
      return cut(CutRegion{size_.regions[random_.below(size_.regions.size())], {}});
    }
    const auto& [from, to] = size_.links[random_.below(size_.links.size())];
    cut(CutWanLink{from, to, {}});
  }
  void herd() { add(Herd{random_.one_in(2) ? Duration{} : up_to(Duration::from_ms(1000))}); }
  void migrate() { add(MigrateClients{someone(), while_slow()}); }
  void slow_reader() {
    if (size_.clients == 0) return;
    add(SlowReader{any_client(), 100 + random_.below(20'000), while_slow()});
  }
  void edge() {
    if (size_.clients != 0) add(EdgeOfTimeout{any_client(), random_.between(-600, 600)});
  }
  void stranger() {
    add(Strangers{someone(), one_of<PortKind>(4), one_of<Strangers::Says>(4), 1 + random_.below(20),
                  while_slow()});
  }
  void upgrade() {
    RollingUpgrade upgrade;
    upgrade.restart = restart();
    upgrade.digest = one_of<RollingUpgrade::Switch>(3);
    upgrade.compression = one_of<RollingUpgrade::Compression>(4);
    upgrade.snap_count = random_.one_in(2) ? 0 : random_.between(4, 200);
    add(upgrade);
  }
  void replace() { add(ReplaceMember{someone(), soon()}); }

  const FaultConfig& config_;
  WorldSize size_;
  Random random_;
  MonotonicTime now_;
  std::vector<Step> steps_;
  std::vector<MonotonicTime> cuts_end_;
};

}  // namespace

std::vector<Step> draw_steps(const FaultConfig& config, const WorldSize& size, MonotonicTime end,
                             Random random) {
  if (config.interval_max.ns <= 0) return {};
  return Drawing(config, size, random).draw(end);
}

}  // namespace zoetrope::sim
