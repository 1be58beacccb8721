#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/c_client/check.h"

// In a process of its own: opens a session, leaves an ephemeral, and ends without closing either.
static void leave_session(const char* hosts, int output) {
  zhandle_t* zh = connect_to(hosts, NULL);
  CHECK_RC(ZOK, zoo_create(zh, "/c-left", "here", 4, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0));
  const clientid_t* session = zoo_client_id(zh);
  CHECK(write(output, session, sizeof *session) == (ssize_t)sizeof *session);
  _exit(0);
}

// A session is taken up again by id and password, with its ephemeral; after its end both are gone.
void run_session_checks(const char* hosts) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) leave_session(hosts, ends[1]);
  close(ends[1]);
  clientid_t session;
  CHECK(read(ends[0], &session, sizeof session) == (ssize_t)sizeof session);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && status == 0);

  struct Stat stat;
  zhandle_t* zh = connect_to(hosts, &session);
  CHECK(zoo_client_id(zh)->client_id == session.client_id);
  CHECK_RC(ZOK, zoo_exists(zh, "/c-left", 0, &stat));
  CHECK(stat.ephemeralOwner == session.client_id);
  CHECK_RC(ZOK, zookeeper_close(zh));

  zh = connect_to(hosts, NULL);
  CHECK_RC(ZNONODE, zoo_exists(zh, "/c-left", 0, &stat));
  CHECK_RC(ZOK, zookeeper_close(zh));

  // The closed session is refused: the handle ends up expired, and says so to its watcher.
  struct Signal unused;
  signal_init(&unused);
  zh = zookeeper_init(hosts, watch_signal, 20000, &session, NULL, 0);
  CHECK(zh != NULL);
  int state = 0;
  for (int i = 0; i < 2000 && state != ZOO_EXPIRED_SESSION_STATE; ++i) {
    state = zoo_state(zh);
    usleep(10000);
  }
  CHECK(state == ZOO_EXPIRED_SESSION_STATE && is_unrecoverable(zh) == ZINVALIDSTATE);
  zookeeper_close(zh);
}
