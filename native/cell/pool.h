// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <map>
#include <optional>

#include "cell/maker.h"

namespace farfork {

/// Cells made ahead of need. Not a thread: the owner's loop calls `startOne` when it has time (`wanted` says how many
/// are missing), `drain` when `newsFd` is readable, `forgetExited` with every process that it reaps and does not know.
class CellPool {
  public:
    /// Error: CELL_FAILED.
    static Result<CellPool> make(CellOptions options, uint32_t target);
    CellPool(CellPool&&) = default;
    CellPool& operator=(CellPool&&) = default;
    ~CellPool();  ///< tells every cell that is still here to end; the owner reaps

    [[nodiscard]] const CellOptions& options() const { return options_; }
    [[nodiscard]] int newsFd() const { return news_receiver_.get(); }
    [[nodiscard]] size_t ready() const { return ready_.size(); }
    [[nodiscard]] size_t starting() const { return starting_.size(); }
    [[nodiscard]] size_t wanted() const;
    [[nodiscard]] uint32_t target() const { return target_; }
    void setTarget(uint32_t target) { target_ = target; }

    /// Has one cell made. Error: CELL_FAILED.
    Result<void> startOne();
    /// Takes in what became ready. Error: the first cell's that could not be made.
    Result<void> drain();
    /// A ready cell, if there is one.
    std::optional<Cell> take();
    /// Undoes `take`.
    void giveBack(Cell cell) { ready_.push_front(std::move(cell)); }
    /// True when `pid` belonged to the pool: a cell, which is then gone, or the maker, which is then started anew.
    bool forgetExited(pid_t pid);
    /// Tells every cell in the pool to end.
    void stopAll();

  private:
    struct Starting {
        Cell cell;
        bool made = false, ready = false;
    };
    CellPool(CellOptions options, uint32_t target) : options_(std::move(options)), target_(target) {}
    Result<void> onNews(const CellNews& news, UniqueFd pidfd, UniqueFd keep);

    CellOptions options_;
    uint32_t target_ = 0;
    uint64_t next_number_ = 1;
    UniqueFd news_receiver_, news_sender_;
    CellMaker maker_;
    std::map<uint64_t, Starting> starting_;
    std::deque<Cell> ready_;
};

}  // namespace farfork
