#include <unistd.h>

#include "tests/integration/c_client/check.h"

static void await_state(zhandle_t* zh, int state) {
  for (int i = 0; i < 3000; ++i) {
    if (zoo_state(zh) == state) return;
    usleep(10000);
  }
  CHECK(!"the handle has come into the state");
}

void run_read_only_checks(const char* hosts, const char* path) {
  struct Stat stat;
  char line[16];
  zhandle_t* zh = zookeeper_init(hosts, NULL, 10000, NULL, NULL, ZOO_READONLY);
  CHECK(zh != NULL);
  await_state(zh, ZOO_READONLY_STATE);
  CHECK_RC(ZOK, zoo_exists(zh, path, 0, &stat));
  CHECK_RC(ZNONODE, zoo_exists(zh, "/c-read-only", 0, &stat));
  CHECK_RC(ZNOTREADONLY,
           zoo_create(zh, "/c-read-only", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0));
  CHECK_RC(ZNOTREADONLY, zoo_set(zh, path, "x", 1, -1));
  CHECK_RC(ZOK, zoo_exists(zh, path, 0, &stat));
  printf("reads\n");
  fflush(stdout);
  CHECK(fgets(line, sizeof line, stdin) != NULL);  // the test has given the servers a quorum
  await_state(zh, ZOO_CONNECTED_STATE);
  CHECK_RC(ZOK,
           zoo_create(zh, "/c-read-only", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0));
  CHECK_RC(ZOK, zookeeper_close(zh));
}
