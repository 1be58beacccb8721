// Exercises the stock C client against a server: c_client_test HOST:PORT [SECONDS]. SECONDS bounds
// the wait for each answer. Exit status 0 when all checks hold. c_client_test --move HOSTS COUNT
// keeps one session while the servers that it is connected to are ended, one after the other;
// c_client_test --read-only HOSTS PATH reads from servers without a quorum until they write again.
// c_client_test --reconfig HOSTS SERVER ID lets a server join the ensemble and another leave it.
#include "tests/integration/c_client/check.h"

// Makes a root node and gives the host string with it as chroot.
static const char* chroot_of(const char* hosts, const char* root) {
  static char with_root[256];
  zhandle_t* handle = connect_to(hosts, NULL);
  CHECK_RC(ZOK, zoo_create(handle, root, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0));
  CHECK_RC(ZOK, zookeeper_close(handle));
  snprintf(with_root, sizeof with_root, "%s%s", hosts, root);
  return with_root;
}

int main(int argc, char** argv) {
  if (argc == 4 && strcmp(argv[1], "--move") == 0) {
    patience_s = 30;
    run_move_checks(argv[2], atoi(argv[3]));
    printf("%d checks held\n", checks_done);
    return 0;
  }
  if (argc == 4 && strcmp(argv[1], "--read-only") == 0) {
    run_read_only_checks(argv[2], argv[3]);
    printf("%d checks held\n", checks_done);
    return 0;
  }
  if (argc == 5 && strcmp(argv[1], "--reconfig") == 0) {
    run_reconfig_checks(argv[2], argv[3], argv[4]);
    printf("%d checks held\n", checks_done);
    return 0;
  }
  if (argc != 2 && argc != 3) {
    fprintf(stderr,
            "usage: %s HOST:PORT [SECONDS] | --move HOSTS COUNT | --read-only HOSTS PATH |"
            " --reconfig HOSTS SERVER ID\n",
            argv[0]);
    return 2;
  }
  if (argc == 3) patience_s = atoi(argv[2]);
  run_session_checks(argv[1]);  // first: it forks, which must come before any thread
  run_sync_checks(chroot_of(argv[1], "/c-sync"));
  run_async_checks(chroot_of(argv[1], "/c-async"));
  run_watch_checks(chroot_of(argv[1], "/c-watch"));
  printf("%d checks held\n", checks_done);
  return 0;
}
