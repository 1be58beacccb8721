#include "tests/integration/c_client/check.h"

static const struct ACL_vector* const kOpen = &ZOO_OPEN_ACL_UNSAFE;

// Completions of every signature: the context is a Signal.
static void on_void(int rc, const void* data) {
  signal_raise((void*)data, rc, 0, NULL, 0, NULL);
}
static void on_stat(int rc, const struct Stat* stat, const void* data) {
  signal_raise((void*)data, rc, 0, NULL, 0, stat);
}
static void on_string(int rc, const char* value, const void* data) {
  signal_raise((void*)data, rc, 0, value, 0, NULL);
}
static void on_string_stat(int rc, const char* value, const struct Stat* stat, const void* data) {
  signal_raise((void*)data, rc, 0, value, 0, stat);
}
static void on_data(int rc, const char* value, int length, const struct Stat* stat,
                    const void* data) {
  char text[256] = "";
  if (rc == ZOK && length > 0) snprintf(text, sizeof text, "%.*s", length, value);
  signal_raise((void*)data, rc, 0, text, length, stat);
}
static void on_strings(int rc, const struct String_vector* names, const void* data) {
  signal_raise((void*)data, rc, 0, NULL, rc == ZOK ? names->count : -1, NULL);
}
static void on_strings_stat(int rc, const struct String_vector* names, const struct Stat* stat,
                            const void* data) {
  signal_raise((void*)data, rc, 0, NULL, rc == ZOK ? names->count : -1, stat);
}
static void on_acl(int rc, struct ACL_vector* acl, struct Stat* stat, const void* data) {
  signal_raise((void*)data, rc, 0, NULL, rc == ZOK ? acl->count : -1, stat);
}

// Starts an asynchronous call whose last argument is the Signal, and waits for its result.
#define RESULT(expected, call)     \
  do {                             \
    CHECK_RC(ZOK, call);           \
    signal_wait(&done, 1);         \
    CHECK_RC((expected), done.rc); \
  } while (0)

static void check_writes(zhandle_t* zh) {
  struct Signal done;
  signal_init(&done);
  RESULT(ZOK, zoo_acreate(zh, "/a", "v", 1, kOpen, ZOO_PERSISTENT, on_string, &done));
  CHECK(strcmp(done.text, "/a") == 0);
  RESULT(ZNODEEXISTS, zoo_acreate(zh, "/a", "v", 1, kOpen, ZOO_PERSISTENT, on_string, &done));
  RESULT(ZOK,
         zoo_acreate2(zh, "/a/e-", "v", 1, kOpen, ZOO_EPHEMERAL_SEQUENTIAL, on_string_stat, &done));
  CHECK(strcmp(done.text, "/a/e-0000000000") == 0);
  CHECK(done.stat.ephemeralOwner == zoo_client_id(zh)->client_id);
  RESULT(ZOK, zoo_acreate_ttl(zh, "/t", "", 0, kOpen, ZOO_PERSISTENT_WITH_TTL, 600000, on_string,
                              &done));
  RESULT(ZOK, zoo_acreate2_ttl(zh, "/u-", "", 0, kOpen, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 600000,
                               on_string_stat, &done));
  RESULT(ZOK, zoo_aset(zh, "/a", "new", 3, 0, on_stat, &done));
  CHECK(done.stat.version == 1 && done.stat.dataLength == 3);
  RESULT(ZBADVERSION, zoo_aset(zh, "/a", "new", 3, 0, on_stat, &done));
  RESULT(ZNOTEMPTY, zoo_adelete(zh, "/a", -1, on_void, &done));
  RESULT(ZOK, zoo_adelete(zh, "/t", -1, on_void, &done));
}

static void check_reads(zhandle_t* zh) {
  struct Signal done;
  signal_init(&done);
  RESULT(ZOK, zoo_aexists(zh, "/a", 0, on_stat, &done));
  CHECK(done.stat.numChildren == 1);
  RESULT(ZNONODE, zoo_aexists(zh, "/x", 0, on_stat, &done));
  RESULT(ZOK, zoo_aget(zh, "/a", 0, on_data, &done));
  CHECK(strcmp(done.text, "new") == 0 && done.number == 3);
  RESULT(ZNONODE, zoo_aget(zh, "/x", 0, on_data, &done));
  RESULT(ZOK, zoo_aget_children(zh, "/a", 0, on_strings, &done));
  CHECK(done.number == 1);
  RESULT(ZOK, zoo_aget_children2(zh, "/", 0, on_strings_stat, &done));
  CHECK(done.number == done.stat.numChildren);
  RESULT(ZOK, zoo_async(zh, "/a", on_string, &done));
  RESULT(ZOK, zoo_aget_acl(zh, "/a", on_acl, &done));
  CHECK(done.number == 1);
  struct ACL_vector acl = ZOO_READ_ACL_UNSAFE;
  RESULT(ZOK, zoo_acreate(zh, "/closed", "", 0, kOpen, ZOO_PERSISTENT, on_string, &done));
  RESULT(ZBADVERSION, zoo_aset_acl(zh, "/closed", 3, &acl, on_void, &done));
  RESULT(ZOK, zoo_aset_acl(zh, "/closed", 0, &acl, on_void, &done));
  RESULT(ZNOAUTH, zoo_aset(zh, "/closed", "", 0, -1, on_stat, &done));
  RESULT(ZOK, zoo_add_auth(zh, "digest", "bob:x", 5, on_void, &done));
}

static void check_multi(zhandle_t* zh) {
  struct Signal done;
  signal_init(&done);
  char path[64];
  zoo_op_t ops[2];
  zoo_op_result_t results[2];
  zoo_create_op_init(&ops[0], "/m", "0", 1, kOpen, ZOO_PERSISTENT, path, sizeof path);
  zoo_check_op_init(&ops[1], "/m", 0);
  RESULT(ZOK, zoo_amulti(zh, 2, ops, results, on_void, &done));
  CHECK(results[0].err == ZOK && results[1].err == ZOK && strcmp(path, "/m") == 0);
  RESULT(ZNODEEXISTS, zoo_amulti(zh, 2, ops, results, on_void, &done));
  CHECK(results[0].err == ZNODEEXISTS && results[1].err == ZRUNTIMEINCONSISTENCY);
}

// Many requests outstanding at once, all answered, in order of sending.
static void check_pipeline(zhandle_t* zh) {
  enum { kCount = 2000 };
  struct Signal done;
  signal_init(&done);
  char path[32];
  for (int i = 0; i < kCount; ++i) {
    snprintf(path, sizeof path, "/a/n%d", i);
    CHECK_RC(ZOK, zoo_acreate(zh, path, path, (int)strlen(path), kOpen, ZOO_PERSISTENT, on_string,
                              &done));
  }
  signal_wait(&done, kCount);
  CHECK(strcmp(done.text, path) == 0);
  for (int i = 0; i < kCount; ++i) {
    snprintf(path, sizeof path, "/a/n%d", i);
    CHECK_RC(ZOK, zoo_aget(zh, path, 0, on_data, &done));
  }
  signal_wait(&done, kCount);
  CHECK(done.rc == ZOK && strcmp(done.text, path) == 0);
}

void run_async_checks(const char* hosts) {
  zhandle_t* zh = connect_to(hosts, NULL);
  check_writes(zh);
  check_reads(zh);
  check_multi(zh);
  check_pipeline(zh);
  CHECK_RC(ZOK, zookeeper_close(zh));
}
