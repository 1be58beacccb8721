// What the C client's tests share: checks that count, a connected handle, results of asynchronous
// calls, events of watches. Owns the handles' context. Never decides what is right.
#pragma once

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zookeeper/zookeeper.h>

extern int checks_done;
// How long signal_wait waits; 10 unless the command line says otherwise.
extern int patience_s;

// Ends the program with status 1 and the place when the condition does not hold.
#define CHECK(condition)                                                             \
  do {                                                                               \
    ++checks_done;                                                                   \
    if (!(condition)) {                                                              \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                       \
    }                                                                                \
  } while (0)

// As CHECK for a return code, which is printed.
#define CHECK_RC(expected, call)                                                           \
  do {                                                                                     \
    int rc_ = (call);                                                                      \
    ++checks_done;                                                                         \
    if (rc_ != (expected)) {                                                               \
      fprintf(stderr, "%s:%d: %s gives %d (%s), not %d\n", __FILE__, __LINE__, #call, rc_, \
              zerror(rc_), (int)(expected));                                               \
      exit(1);                                                                             \
    }                                                                                      \
  } while (0)

// A counter that callbacks raise and the test waits on; also keeps what the last callback brought.
struct Signal {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  int count;
  int rc;
  int type;
  char text[256];
  int number;
  struct Stat stat;
};

void signal_init(struct Signal* signal);
void signal_raise(struct Signal* signal, int rc, int type, const char* text, int number,
                  const struct Stat* stat);
// Waits until `count` callbacks have come since the last wait, and starts counting anew; at most 10
// seconds.
void signal_wait(struct Signal* signal, int count);
// How many callbacks have come since the last wait.
int signal_count(struct Signal* signal);

// A watcher whose context is a Signal.
void watch_signal(zhandle_t* handle, int type, int state, const char* path, void* context);

// A handle that is connected; `session` may be null.
zhandle_t* connect_to(const char* hosts, const clientid_t* session);

// The parts of the program: `hosts` carries a chroot of the part's own.
void run_sync_checks(const char* hosts);
void run_async_checks(const char* hosts);
void run_watch_checks(const char* hosts);
void run_session_checks(const char* hosts);
// Talks with the test on standard input and output; `moves` servers are ended meanwhile.
void run_move_checks(const char* hosts, int moves);
// The same; `path` is a znode that is there. The servers have no quorum at first.
void run_read_only_checks(const char* hosts, const char* path);
// `joining` is the line of a server that follows without a vote, `leaving` the number of another.
void run_reconfig_checks(const char* hosts, const char* joining, const char* leaving);
