/* Accepts its host only where there is nothing to be found: init() answers which of the walls is missing. */
#define _GNU_SOURCE
#include <tenon/abi/types.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static tenon_status look_around(void) {
  char directory[256];
  struct rlimit cores;
  struct sigaction action;
  int fd;
  if (environ && environ[0]) return 101;
  for (fd = 4; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) != -1) return 102;
  }
  if (!getcwd(directory, sizeof directory) || strcmp(directory, "/") != 0) return 103;
  if (getpgrp() != getpid()) return 104;
  if (getrlimit(RLIMIT_CORE, &cores) != 0 || cores.rlim_max != 0) return 105;
  if (sigaction(SIGUSR2, 0, &action) != 0 || action.sa_handler != SIG_DFL) return 106;
  fd = memfd_create("file", 0);
  if (fd == -1 || write(fd, "x", 1) != -1) return 107;
  close(fd);
  return TENON_OK;
}

#define FIXTURE_INIT_STATUS look_around()
#include "../fixture/fixture.h"
