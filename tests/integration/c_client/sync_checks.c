#include "tests/integration/c_client/check.h"

static const struct ACL_vector* const kOpen = &ZOO_OPEN_ACL_UNSAFE;

static void check_create(zhandle_t* zh) {
  char path[64];
  struct Stat stat;
  CHECK_RC(ZOK, zoo_create(zh, "/a", "value", 5, kOpen, ZOO_PERSISTENT, path, sizeof path));
  CHECK(strcmp(path, "/a") == 0);
  CHECK_RC(ZNODEEXISTS, zoo_create(zh, "/a", "", 0, kOpen, ZOO_PERSISTENT, path, sizeof path));
  CHECK_RC(ZNONODE, zoo_create(zh, "/x/y", "", 0, kOpen, ZOO_PERSISTENT, path, sizeof path));
  CHECK_RC(ZOK, zoo_create2(zh, "/a/b", "two", 3, kOpen, ZOO_EPHEMERAL, path, sizeof path, &stat));
  CHECK(stat.ephemeralOwner == zoo_client_id(zh)->client_id && stat.dataLength == 3);
  CHECK_RC(ZNOCHILDRENFOREPHEMERALS,
           zoo_create(zh, "/a/b/c", "", 0, kOpen, ZOO_PERSISTENT, NULL, 0));
  CHECK_RC(ZOK,
           zoo_create(zh, "/a/s-", "", 0, kOpen, ZOO_PERSISTENT_SEQUENTIAL, path, sizeof path));
  CHECK(strcmp(path, "/a/s-0000000001") == 0);
  CHECK_RC(ZOK,
           zoo_create(zh, "/a/s-", NULL, -1, kOpen, ZOO_EPHEMERAL_SEQUENTIAL, path, sizeof path));
  CHECK(strcmp(path, "/a/s-0000000002") == 0);
  CHECK_RC(ZOK, zoo_create(zh, "/container", "", 0, kOpen, ZOO_CONTAINER, path, sizeof path));
  CHECK_RC(ZOK, zoo_create_ttl(zh, "/ttl", "", 0, kOpen, ZOO_PERSISTENT_WITH_TTL, 600000, path,
                               sizeof path));
  CHECK_RC(ZOK, zoo_create2_ttl(zh, "/ttl-", "", 0, kOpen, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL,
                                600000, path, sizeof path, &stat));
  CHECK(strncmp(path, "/ttl-00000000", 13) == 0 && stat.ephemeralOwner == 0);
}

static void check_data(zhandle_t* zh) {
  char buffer[64];
  int length = sizeof buffer;
  struct Stat stat;
  CHECK_RC(ZOK, zoo_get(zh, "/a", 0, buffer, &length, &stat));
  CHECK(length == 5 && memcmp(buffer, "value", 5) == 0 && stat.version == 0 &&
        stat.numChildren == 3);
  CHECK_RC(ZOK, zoo_set(zh, "/a", "more", 4, 0));
  CHECK_RC(ZBADVERSION, zoo_set(zh, "/a", "more", 4, 0));
  CHECK_RC(ZOK, zoo_set2(zh, "/a", "other", 5, 1, &stat));
  CHECK(stat.version == 2 && stat.mzxid > stat.czxid);
  CHECK_RC(ZNONODE, zoo_set(zh, "/x", "", 0, -1));
  length = sizeof buffer;
  CHECK_RC(ZOK, zoo_get(zh, "/a/s-0000000002", 0, buffer, &length, &stat));
  CHECK(length == -1 && stat.dataLength == 0);
  CHECK_RC(ZOK, zoo_exists(zh, "/a", 0, &stat));
  CHECK(stat.dataLength == 5);
  CHECK_RC(ZNONODE, zoo_exists(zh, "/x", 0, &stat));
  length = sizeof buffer;
  CHECK_RC(ZNONODE, zoo_get(zh, "/x", 0, buffer, &length, &stat));
}

static void check_children(zhandle_t* zh) {
  struct String_vector names;
  struct Stat stat;
  CHECK_RC(ZOK, zoo_get_children(zh, "/a", 0, &names));
  CHECK(names.count == 3);
  deallocate_String_vector(&names);
  CHECK_RC(ZOK, zoo_get_children2(zh, "/", 0, &names, &stat));
  CHECK(names.count == stat.numChildren && names.count == 4);
  deallocate_String_vector(&names);
  CHECK_RC(ZNONODE, zoo_get_children(zh, "/x", 0, &names));
  CHECK_RC(ZNOTEMPTY, zoo_delete(zh, "/a", -1));
  CHECK_RC(ZBADVERSION, zoo_delete(zh, "/a/b", 5));
  CHECK_RC(ZOK, zoo_delete(zh, "/a/b", 0));
  CHECK_RC(ZNONODE, zoo_delete(zh, "/a/b", 0));
}

static void check_acl(zhandle_t* zh, const char* hosts) {
  struct ACL_vector acl;
  struct Stat stat;
  struct Signal done;
  signal_init(&done);
  CHECK_RC(ZINVALIDACL,
           zoo_create(zh, "/mine", "", 0, &ZOO_CREATOR_ALL_ACL, ZOO_PERSISTENT, NULL, 0));
  CHECK_RC(ZOK, zoo_add_auth(zh, "digest", "ann:secret", 10, NULL, NULL));
  CHECK_RC(ZOK, zoo_create(zh, "/mine", "x", 1, &ZOO_CREATOR_ALL_ACL, ZOO_PERSISTENT, NULL, 0));
  CHECK_RC(ZOK, zoo_get_acl(zh, "/mine", &acl, &stat));
  CHECK(acl.count == 1 && strcmp(acl.data[0].id.scheme, "digest") == 0 && stat.aversion == 0);
  CHECK(strncmp(acl.data[0].id.id, "ann:", 4) == 0 && acl.data[0].perms == ZOO_PERM_ALL);
  deallocate_ACL_vector(&acl);
  zhandle_t* other = connect_to(hosts, NULL);
  char buffer[8];
  int length = sizeof buffer;
  CHECK_RC(ZNOAUTH, zoo_get(other, "/mine", 0, buffer, &length, NULL));
  CHECK_RC(ZNOAUTH, zoo_set(other, "/mine", "", 0, -1));
  CHECK_RC(ZOK, zoo_set_acl(zh, "/mine", 0, &ZOO_READ_ACL_UNSAFE));
  CHECK_RC(ZNOAUTH, zoo_set_acl(zh, "/mine", -1, &ZOO_OPEN_ACL_UNSAFE));
  length = sizeof buffer;
  CHECK_RC(ZOK, zoo_get(other, "/mine", 0, buffer, &length, NULL));
  CHECK_RC(ZNOAUTH, zoo_set(other, "/mine", "", 0, -1));
  CHECK_RC(ZOK, zookeeper_close(other));
}

static void check_multi(zhandle_t* zh) {
  char first[64], second[64];
  struct Stat stat;
  zoo_op_t ops[5];
  zoo_op_result_t results[5];
  zoo_create_op_init(&ops[0], "/m", "0", 1, kOpen, ZOO_PERSISTENT, first, sizeof first);
  zoo_create_op_init(&ops[1], "/m/s-", "", 0, kOpen, ZOO_PERSISTENT_SEQUENTIAL, second,
                     sizeof second);
  zoo_set_op_init(&ops[2], "/m", "1", 1, 0, &stat);
  zoo_check_op_init(&ops[3], "/m", 1);
  zoo_delete_op_init(&ops[4], "/m/s-0000000000", -1);
  CHECK_RC(ZOK, zoo_multi(zh, 5, ops, results));
  for (int i = 0; i < 5; ++i) CHECK(results[i].err == ZOK);
  CHECK(strcmp(first, "/m") == 0 && strcmp(second, "/m/s-0000000000") == 0 && stat.version == 1);
  zoo_create_op_init(&ops[0], "/n", "0", 1, kOpen, ZOO_PERSISTENT, first, sizeof first);
  zoo_check_op_init(&ops[1], "/m", 9);
  zoo_delete_op_init(&ops[2], "/m", -1);
  CHECK_RC(ZBADVERSION, zoo_multi(zh, 3, ops, results));
  CHECK(results[0].err == ZOK && results[1].err == ZBADVERSION &&
        results[2].err == ZRUNTIMEINCONSISTENCY);
  CHECK_RC(ZNONODE, zoo_exists(zh, "/n", 0, &stat));
}

// The configuration node lies outside a chroot, so this takes a handle without one.
static void check_configuration(const char* hosts) {
  char root[128], buffer[256];
  snprintf(root, sizeof root, "%.*s", (int)strcspn(hosts, "/"), hosts);
  zhandle_t* zh = connect_to(root, NULL);
  int length = sizeof buffer;
  struct Stat stat;
  CHECK_RC(ZOK, zoo_getconfig(zh, 0, buffer, &length, &stat));
  CHECK_RC(ZNOAUTH, zoo_set(zh, ZOO_CONFIG_NODE, "", 0, -1));
  length = sizeof buffer;
  const int rc = zoo_reconfig(zh, NULL, "1", NULL, -1, buffer, &length, &stat);
  CHECK(rc == ZUNIMPLEMENTED || rc == -123);
  CHECK_RC(ZOK, zookeeper_close(zh));
}

static void check_handle(zhandle_t* zh) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  CHECK(zookeeper_get_connected_host(zh, (struct sockaddr*)&address, &length) != NULL);
  CHECK(zoo_recv_timeout(zh) == 20000 && is_unrecoverable(zh) == ZOK);
  CHECK(zoo_get_current_server(zh) != NULL && zoo_get_context(zh) == NULL);
  CHECK(zoo_client_id(zh)->client_id != 0);
}

void run_sync_checks(const char* hosts) {
  zhandle_t* zh = connect_to(hosts, NULL);
  check_create(zh);
  check_data(zh);
  check_children(zh);
  check_acl(zh, hosts);
  check_multi(zh);
  check_configuration(hosts);
  check_handle(zh);
  CHECK_RC(ZOK, zookeeper_close(zh));
}
