/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FARFORK_RESTORER_STEP_H
#define FARFORK_RESTORER_STEP_H

/* The step that a failure names; restorerStepName() in steps.cc has the words. */
enum ff_step {
    FF_STEP_NONE = 0,
    /* map phase, once per seed */
    FF_STEP_UNMAP,
    FF_STEP_VDSO,
    FF_STEP_MAP,    /* index: map */
    FF_STEP_ADVISE, /* index: map */
    FF_STEP_MM_MAP,
    FF_STEP_SIGACTION, /* index: signal number */
    FF_STEP_XCOMP,
    FF_STEP_PERSONALITY,
    FF_STEP_MEMBARRIER,
    FF_STEP_RECEIVE,
    /* child phase */
    FF_STEP_JOIN_PID,
    FF_STEP_CLONE,
    FF_STEP_FDS,
    FF_STEP_OWN_PID,
    FF_STEP_JOIN,
    FF_STEP_PROC,
    FF_STEP_UTS,
    FF_STEP_UFFD,
    FF_STEP_UFFD_API,
    FF_STEP_ATTACH,
    FF_STEP_KEEP,
    FF_STEP_SESSION,
    FF_STEP_OOM_SCORE,
    FF_STEP_SHARED,         /* index: shared object */
    FF_STEP_SHARED_MAP,     /* index: map */
    FF_STEP_OPEN,           /* index: file */
    FF_STEP_SEEK,           /* index: file */
    FF_STEP_PIPE,           /* index: file */
    FF_STEP_OBJECT,         /* index: file */
    FF_STEP_SOCKET_OPTION,  /* index: file */
    FF_STEP_SOCKET_BIND,    /* index: file */
    FF_STEP_SOCKET_LISTEN,  /* index: file */
    FF_STEP_SOCKET_CONNECT, /* index: file */
    FF_STEP_SOCKET_QUEUE,   /* index: file */
    FF_STEP_DUP,            /* index: file */
    FF_STEP_CWD,
    FF_STEP_ROOT,
    FF_STEP_REGISTER, /* index: register */
    FF_STEP_PRESENT,  /* index: present run */
    FF_STEP_DONTFORK, /* index: map */
    FF_STEP_LOCK,     /* index: map */
    FF_STEP_LOCK_FUTURE,
    FF_STEP_SEAL,         /* index: map */
    FF_STEP_THREAD_CLONE, /* index: thread */
    FF_STEP_ROBUST_LIST,  /* index: thread */
    FF_STEP_RSEQ,         /* index: thread */
    FF_STEP_SCHEDULER,    /* index: thread */
    FF_STEP_GS_BASE,      /* index: thread */
    FF_STEP_THREADS_READY,
    FF_STEP_RLIMIT,      /* index: resource */
    FF_STEP_CREDENTIALS, /* index: thread */
    FF_STEP_SUBREAPER,
    FF_STEP_MDWE,
    FF_STEP_SPECULATION,  /* index: thread */
    FF_STEP_NO_NEW_PRIVS, /* index: thread */
    FF_STEP_SECCOMP,      /* index: thread */
    FF_STEP_DUMPABLE,
    FF_STEP_CLOSE,
    FF_STEP_OWNER,    /* index: file */
    FF_STEP_SIGNAL,   /* index: thread */
    FF_STEP_TIMER,    /* index: interval or POSIX timer */
    FF_STEP_AFFINITY, /* index: thread */
    FF_STEP_COREDUMP_FILTER,
    FF_STEP_THP_DISABLE,
};

#endif
