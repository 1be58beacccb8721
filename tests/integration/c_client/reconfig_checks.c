#include "tests/integration/c_client/check.h"

static void on_void(int rc, const void* data) {
  signal_raise((void*)data, rc, 0, NULL, 0, NULL);
}
static void on_data(int rc, const char* value, int length, const struct Stat* stat,
                    const void* data) {
  signal_raise((void*)data, rc, 0, value == NULL ? NULL : "", length, stat);
}

static void super_user(zhandle_t* zh) {
  struct Signal added;
  signal_init(&added);
  CHECK_RC(ZOK, zoo_add_auth(zh, "digest", "super:test", 10, on_void, &added));
  signal_wait(&added, 1);
  CHECK_RC(ZOK, added.rc);
}

static void check_refusals(zhandle_t* zh, const char* joining, int64_t version) {
  char buffer[1024];
  struct Stat stat;
  int length = sizeof buffer;
  CHECK_RC(ZBADVERSION, zoo_reconfig(zh, joining, NULL, NULL, version + 1, buffer, &length, &stat));
  length = sizeof buffer;
  CHECK_RC(ZBADARGUMENTS, zoo_reconfig(zh, "server.9=x", NULL, NULL, -1, buffer, &length, &stat));
  length = sizeof buffer;
  CHECK_RC(ZNEWCONFIGNOQUORUM,
           zoo_reconfig(zh, NULL, NULL, "server.8=127.0.0.1:1:2;3\nserver.9=127.0.0.1:4:5;6", -1,
                        buffer, &length, &stat));
}

void run_reconfig_checks(const char* hosts, const char* joining, const char* leaving) {
  struct Signal changed, answered;
  signal_init(&changed);
  signal_init(&answered);
  char before[1024], after[1024];
  struct Stat stat, now;
  int length = sizeof before;
  zhandle_t* zh = connect_to(hosts, NULL);
  CHECK_RC(ZOK, zoo_wgetconfig(zh, watch_signal, &changed, before, &length, &stat));
  before[length] = 0;
  CHECK(strstr(before, "version=") != NULL && strstr(before, joining) == NULL);
  length = sizeof after;
  CHECK_RC(ZNOAUTH, zoo_reconfig(zh, joining, NULL, NULL, -1, after, &length, &now));
  super_user(zh);
  check_refusals(zh, joining, stat.mzxid);
  length = sizeof after;
  CHECK_RC(ZOK, zoo_reconfig(zh, joining, NULL, NULL, stat.mzxid, after, &length, &now));
  after[length] = 0;
  CHECK(strstr(after, joining) != NULL && now.mzxid > stat.mzxid);
  signal_wait(&changed, 1);
  CHECK(changed.type == ZOO_CHANGED_EVENT && strcmp(changed.text, ZOO_CONFIG_NODE) == 0);
  CHECK_RC(ZOK, zoo_areconfig(zh, NULL, leaving, NULL, -1, on_data, &answered));
  signal_wait(&answered, 1);
  CHECK_RC(ZOK, answered.rc);
  length = sizeof after;
  CHECK_RC(ZOK, zoo_getconfig(zh, 0, after, &length, &stat));
  CHECK(stat.mzxid == answered.stat.mzxid && stat.mzxid > now.mzxid);
  CHECK_RC(ZOK, zookeeper_close(zh));
}
