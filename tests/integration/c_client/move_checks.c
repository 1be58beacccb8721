#include <unistd.h>

#include "tests/integration/c_client/check.h"

static int port_of(zhandle_t* zh) {
  const char* server = zoo_get_current_server(zh);
  return server == NULL ? 0 : atoi(strrchr(server, ':') + 1);
}

// Tells the test where the session is, and waits for its line: what it has to do takes its time.
static void report(const char* what, zhandle_t* zh) {
  char line[16];
  printf("%s %d %llx\n", what, port_of(zh), (unsigned long long)zoo_client_id(zh)->client_id);
  fflush(stdout);
  CHECK(fgets(line, sizeof line, stdin) != NULL);
}

// Until the session is on another server than that of `port`; the library goes there by itself.
static void await_move(zhandle_t* zh, int port) {
  for (int i = 0; i < 3000; ++i) {
    if (zoo_state(zh) == ZOO_CONNECTED_STATE && port_of(zh) != port) return;
    usleep(10000);
  }
  CHECK(!"the session has moved");
}

static void check_ephemeral(zhandle_t* zh, int64_t session) {
  struct Stat stat;
  CHECK(zoo_client_id(zh)->client_id == session);
  CHECK_RC(ZOK, zoo_exists(zh, "/c-move/mine", 0, &stat));
  CHECK(stat.ephemeralOwner == session);
}

void run_move_checks(const char* hosts, int moves) {
  struct Signal changed;
  signal_init(&changed);
  char buffer[16];
  struct Stat stat;
  zhandle_t* zh = connect_to(hosts, NULL);
  const int64_t session = zoo_client_id(zh)->client_id;
  CHECK_RC(ZOK, zoo_create(zh, "/c-move", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0));
  CHECK_RC(ZOK,
           zoo_create(zh, "/c-move/mine", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0));
  for (int move = 0; move < moves; ++move) {
    int length = sizeof buffer;
    CHECK_RC(ZOK, zoo_wget(zh, "/c-move", watch_signal, &changed, buffer, &length, &stat));
    const int port = port_of(zh);
    report("at", zh);  // the test ends that server
    await_move(zh, port);
    check_ephemeral(zh, session);
    CHECK(signal_count(&changed) == 0);
    report("moved", zh);  // the test writes through another client
    signal_wait(&changed, 1);
    CHECK(changed.type == ZOO_CHANGED_EVENT);
    CHECK_RC(ZOK, zoo_set(zh, "/c-move", "back", 4, -1));
  }
  report("done", zh);
  CHECK_RC(ZOK, zookeeper_close(zh));
}
