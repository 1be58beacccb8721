#include "tests/integration/c_client/check.h"

#include <time.h>

int checks_done = 0;
int patience_s = 10;

void signal_init(struct Signal* signal) {
  memset(signal, 0, sizeof *signal);
  pthread_mutex_init(&signal->mutex, NULL);
  pthread_cond_init(&signal->condition, NULL);
}

void signal_raise(struct Signal* signal, int rc, int type, const char* text, int number,
                  const struct Stat* stat) {
  pthread_mutex_lock(&signal->mutex);
  signal->count++;
  signal->rc = rc;
  signal->type = type;
  signal->number = number;
  snprintf(signal->text, sizeof signal->text, "%s", text == NULL ? "" : text);
  if (stat != NULL) signal->stat = *stat;
  pthread_cond_signal(&signal->condition);
  pthread_mutex_unlock(&signal->mutex);
}

void signal_wait(struct Signal* signal, int count) {
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += patience_s;
  pthread_mutex_lock(&signal->mutex);
  int late = 0;
  while (signal->count < count && late == 0) {
    late = pthread_cond_timedwait(&signal->condition, &signal->mutex, &deadline);
  }
  const int came = signal->count;
  signal->count = 0;
  pthread_mutex_unlock(&signal->mutex);
  CHECK(came == count);
}

int signal_count(struct Signal* signal) {
  pthread_mutex_lock(&signal->mutex);
  const int count = signal->count;
  pthread_mutex_unlock(&signal->mutex);
  return count;
}

void watch_signal(zhandle_t* handle, int type, int state, const char* path, void* context) {
  (void)handle;
  if (context != NULL && type != ZOO_SESSION_EVENT) {
    signal_raise(context, state, type, path, 0, NULL);
  }
}

// The first watcher of a handle: raises its context when the session is established.
static void watch_session(zhandle_t* handle, int type, int state, const char* path, void* context) {
  (void)handle;
  if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE) {
    signal_raise(context, state, type, path, 0, NULL);
  }
}

zhandle_t* connect_to(const char* hosts, const clientid_t* session) {
  static struct Signal signal;
  signal_init(&signal);
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  zhandle_t* handle = zookeeper_init(hosts, watch_session, 20000, session, &signal, 0);
  CHECK(handle != NULL);
  signal_wait(&signal, 1);
  zoo_set_watcher(handle, watch_signal);
  zoo_set_context(handle, NULL);
  CHECK(zoo_state(handle) == ZOO_CONNECTED_STATE);
  return handle;
}
