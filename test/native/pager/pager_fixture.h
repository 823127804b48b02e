// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "check.h"
#include "image/image.h"
#include "pager/pager.h"
#include "pager/uffd_child.h"

namespace farfork::test {

/// A pager with one seed whose pages come from a pattern source.
struct PagerFixture {
    explicit PagerFixture(std::vector<PageRange> extents, std::vector<ff_map> maps_wanted, bool held = false,
                          PagerOptions options = {})
        : PagerFixture(layoutOf(std::move(extents)), std::move(maps_wanted), held, options) {}
    PagerFixture(Layout layout, std::vector<ff_map> maps_wanted, bool held = false, PagerOptions options = {})
        : source(std::make_shared<PatternSource>(held)), maps(std::move(maps_wanted)) {
        auto image = Image::create(std::move(layout), {{"seed", {}, source}}, {});
        if (!image.ok()) std::abort();
        seed = std::make_shared<PagerSeed>();
        seed->id = "seed";
        seed->image = image.value();
        seed->segments = segmentsOf(maps);
        pager = std::make_unique<Pager>(
            options, [this](const PagerChild& child, const Error& error) { childFailed(child, error); },
            [this](const PagerChild& child) { childGone(child); });
    }
    ~PagerFixture() { pager.reset(); }

    std::unique_ptr<UffdChild> start(const std::string& id, std::function<int()> body) {
        auto child = std::make_unique<UffdChild>(seed->image->fd(), maps, std::move(body));
        if (!child->ready()) {
            fail(__FILE__, __LINE__, "the child was not set up: exit " + std::to_string(child->wait()));
            return child;
        }
        CHECK_OK(pager->attach(id, child->pid(), seed, child->uffd()));
        child->go();
        return child;
    }
    /// Runs one child to its end and returns what wait() says.
    int run(const std::string& id, std::function<int()> body) {
        const std::unique_ptr<UffdChild> child = start(id, std::move(body));
        const int code = child->wait();
        pager->detach(id);
        waitGone(id);
        return code;
    }
    void waitGone(const std::string& id) {
        std::unique_lock lock(mutex);
        CHECK(changed.wait_for(lock, std::chrono::seconds(10), [&] { return gone[id]; }));
    }
    std::optional<Error> failureOf(const std::string& id) {
        const std::lock_guard lock(mutex);
        const auto found = failures_by_child.find(id);
        return found == failures_by_child.end() ? std::nullopt : std::optional(found->second);
    }

    std::shared_ptr<PatternSource> source;
    std::vector<ff_map> maps;
    std::shared_ptr<PagerSeed> seed;
    std::unique_ptr<Pager> pager;

  private:
    /// What the spawner does on KillChild.
    void childFailed(const PagerChild& child, const Error& error) {
        const std::lock_guard lock(mutex);
        failures_by_child.emplace(child.id, error);
        if (child.pidfd.valid()) syscall(SYS_pidfd_send_signal, child.pidfd.get(), SIGKILL, nullptr, 0);
    }
    void childGone(const PagerChild& child) {
        const std::lock_guard lock(mutex);
        gone[child.id] = true;
        changed.notify_all();
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, Error> failures_by_child;
    std::map<std::string, bool> gone;
};

}  // namespace farfork::test
