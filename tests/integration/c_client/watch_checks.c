#include "tests/integration/c_client/check.h"

static const struct ACL_vector* const kOpen = &ZOO_OPEN_ACL_UNSAFE;

static void on_void(int rc, const void* data) {
  signal_raise((void*)data, rc, 0, NULL, 0, NULL);
}
static void on_stat(int rc, const struct Stat* stat, const void* data) {
  signal_raise((void*)data, rc, 0, NULL, 0, stat);
}
static void on_data(int rc, const char* value, int length, const struct Stat* stat,
                    const void* data) {
  (void)value;
  signal_raise((void*)data, rc, 0, NULL, length, stat);
}
static void on_strings(int rc, const struct String_vector* names, const void* data) {
  signal_raise((void*)data, rc, 0, NULL, rc == ZOK ? names->count : -1, NULL);
}
static void on_strings_stat(int rc, const struct String_vector* names, const struct Stat* stat,
                            const void* data) {
  signal_raise((void*)data, rc, 0, NULL, rc == ZOK ? names->count : -1, stat);
}

static void expect(struct Signal* event, int type, const char* path) {
  signal_wait(event, 1);
  CHECK(event->type == type);
  CHECK(strcmp(event->text, path) == 0);
}

static void check_synchronous_watches(zhandle_t* zh, zhandle_t* writer) {
  struct Signal event;
  signal_init(&event);
  char buffer[16];
  int length = sizeof buffer;
  struct Stat stat;
  struct String_vector names;
  CHECK_RC(ZNONODE, zoo_wexists(zh, "/w", watch_signal, &event, &stat));
  CHECK_RC(ZOK, zoo_create(writer, "/w", "", 0, kOpen, ZOO_PERSISTENT, NULL, 0));
  expect(&event, ZOO_CREATED_EVENT, "/w");
  CHECK_RC(ZOK, zoo_wget(zh, "/w", watch_signal, &event, buffer, &length, &stat));
  CHECK_RC(ZOK, zoo_set(writer, "/w", "x", 1, -1));
  expect(&event, ZOO_CHANGED_EVENT, "/w");
  CHECK_RC(ZOK, zoo_wget_children(zh, "/w", watch_signal, &event, &names));
  deallocate_String_vector(&names);
  CHECK_RC(ZOK, zoo_create(writer, "/w/c", "", 0, kOpen, ZOO_PERSISTENT, NULL, 0));
  expect(&event, ZOO_CHILD_EVENT, "/w");
  CHECK_RC(ZOK, zoo_wget_children2(zh, "/w/c", watch_signal, &event, &names, &stat));
  deallocate_String_vector(&names);
  CHECK_RC(ZOK, zoo_delete(writer, "/w/c", -1));
  expect(&event, ZOO_DELETED_EVENT, "/w/c");
}

static void check_asynchronous_watches(zhandle_t* zh, zhandle_t* writer) {
  struct Signal event, done;
  signal_init(&event);
  signal_init(&done);
  CHECK_RC(ZOK, zoo_awexists(zh, "/w", watch_signal, &event, on_stat, &done));
  signal_wait(&done, 1);
  CHECK_RC(ZOK, zoo_set(writer, "/w", "y", 1, -1));
  expect(&event, ZOO_CHANGED_EVENT, "/w");
  CHECK_RC(ZOK, zoo_awget(zh, "/w", watch_signal, &event, on_data, &done));
  signal_wait(&done, 1);
  CHECK_RC(ZOK, zoo_set(writer, "/w", "z", 1, -1));
  expect(&event, ZOO_CHANGED_EVENT, "/w");
  CHECK_RC(ZOK, zoo_awget_children(zh, "/w", watch_signal, &event, on_strings, &done));
  signal_wait(&done, 1);
  CHECK_RC(ZOK, zoo_create(writer, "/w/d", "", 0, kOpen, ZOO_PERSISTENT, NULL, 0));
  expect(&event, ZOO_CHILD_EVENT, "/w");
  CHECK_RC(ZOK, zoo_awget_children2(zh, "/w", watch_signal, &event, on_strings_stat, &done));
  signal_wait(&done, 1);
  CHECK_RC(ZOK, zoo_delete(writer, "/w/d", -1));
  expect(&event, ZOO_CHILD_EVENT, "/w");
}

static void check_removal(zhandle_t* zh, zhandle_t* writer) {
  struct Signal event, done;
  signal_init(&event);
  signal_init(&done);
  char buffer[16];
  int length = sizeof buffer;
  struct Stat stat;
  CHECK_RC(ZOK, zoo_wget(zh, "/w", watch_signal, &event, buffer, &length, &stat));
  CHECK_RC(ZOK, zoo_remove_watches(zh, "/w", ZWATCHTYPE_DATA, watch_signal, &event, 0));
  CHECK_RC(ZNOWATCHER, zoo_remove_watches(zh, "/w", ZWATCHTYPE_DATA, watch_signal, &event, 0));
  length = sizeof buffer;
  CHECK_RC(ZOK, zoo_wget(zh, "/w", watch_signal, &event, buffer, &length, &stat));
  CHECK_RC(ZOK, zoo_remove_all_watches(zh, "/w", ZWATCHTYPE_ANY, 0));
  length = sizeof buffer;
  CHECK_RC(ZOK, zoo_wget(zh, "/w", watch_signal, &event, buffer, &length, &stat));
  // The header asks for a pointer to the completion and the library uses it as the completion
  // itself.
  CHECK_RC(ZOK, zoo_aremove_watches(zh, "/w", ZWATCHTYPE_ANY, watch_signal, &event, 0,
                                    (void_completion_t*)on_void, &done));
  signal_wait(&done, 1);
  CHECK_RC(ZOK, done.rc);
  CHECK_RC(ZOK, zoo_set(writer, "/w", "unseen", 6, -1));
  CHECK_RC(ZOK, zoo_exists(zh, "/w", 0, &stat));
  CHECK(signal_count(&event) == 0);
}

void run_watch_checks(const char* hosts) {
  zhandle_t* zh = connect_to(hosts, NULL);
  zhandle_t* writer = connect_to(hosts, NULL);
  check_synchronous_watches(zh, writer);
  check_asynchronous_watches(zh, writer);
  check_removal(zh, writer);
  CHECK_RC(ZOK, zookeeper_close(writer));
  CHECK_RC(ZOK, zookeeper_close(zh));
}
