// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <poll.h>
#include <sys/epoll.h>

#include <string>
#include <vector>

#include "capture/objects/object.h"

namespace farfork::capturing {

/// Flags of an entry that stay when EPOLLONESHOT disarms it (EP_PRIVATE_BITS, linux fs/eventpoll.c).
constexpr uint32_t kEpollFlags = EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE;

struct EpollEntry {
    int number = -1;
    uint32_t events = 0;
    uint64_t data = 0;
    uint64_t inode = 0, device = 0;  ///< of the file that it watches, as fdinfo prints them
    size_t file = 0;                 ///< index in the table
    int target = -1;                 ///< our duplicate of the open file that it watches
    uint32_t target_kind = 0;
    int moved = -1;        ///< the duplicate at a number out of the way
    bool ready = false;    ///< EPOLLET: the file is ready for what the entry wants
    bool pending = false;  ///< EPOLLET: on the ready list
    uint32_t state = FF_EPOLL_ARMED;
};

/// Tells consumed edges from pending ones, with every thread of the parent standing still. Allocates nothing.
///
/// The kernel does not tell what is on an epoll's ready list. poll(2) on the epoll tells whether anything there is
/// ready, and takes nothing away. Where that leaves it open whose edge it is, the list is read with epoll_wait(2), and
/// what that took off it is put back at once with EPOLL_CTL_MOD.
class EpollEdges {
  public:
    /// `pollable`: to ask whether a file is ready changes nothing.
    /// `readable`: nobody could tell that the list was read.
    EpollEdges(int epoll, size_t entries, bool pollable, bool readable);
    /// Sets `ready` and `state` of the edge-triggered entries. False: try again.
    bool read(std::vector<EpollEntry>& entries);

  private:
    bool pollTargets(std::vector<EpollEntry>& entries, bool& any);
    bool readList(std::vector<EpollEntry>& entries);
    void readInOwnTable();

    int epoll_;
    bool pollable_, readable_;
    std::vector<pollfd> polls_;
    std::vector<epoll_event> events_;
    std::vector<char> stack_;
    std::vector<EpollEntry>* entries_ = nullptr;
    bool read_ = false;
};

}  // namespace farfork::capturing
