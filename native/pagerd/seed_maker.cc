// SPDX-License-Identifier: Apache-2.0
#include "pagerd/seed_maker.h"

#include "descriptor/builder.h"
#include "descriptor/plan_view.h"
#include "image/seed_plan.h"

namespace farfork::pagerd {

uint32_t leftMs(uint64_t deadline_ns) {
    const uint64_t now_ns = monotonicNs();
    return now_ns < deadline_ns ? static_cast<uint32_t>((deadline_ns - now_ns) / 1'000'000) + 1 : 1;
}

Result<void> bindDescriptor(Seed& seed) {
    Result<DescriptorView> view = DescriptorView::parse(seed.descriptor);
    if (!view) return view.error();
    const std::string object = "seed " + seed.id;
    if (view->seedId() != seed.id) {
        return Error{ErrorCode::kDescriptorCorrupt, "pager.seed", object,
                     "the descriptor is of seed " + std::string(view->seedId())};
    }
    if (view->processes().size() != 1) {
        return Error{ErrorCode::kStateNotCarried, "pager.seed", object,
                     "seeds of several processes are not carried in this version"};
    }
    seed.process.descriptor = view.value();
    seed.process.process = seed.process.descriptor.processes().data();
    return {};
}

Result<void> SeedMaker::publish(Seed& seed, FileIdentity::Trust trust, uint64_t deadline_ns) {
    seed.served = std::make_shared<PagerSeed>();
    seed.served->id = seed.id;
    seed.served->image = seed.image;
    Result<std::vector<PageRange>> wanted = fetchStartPages(seed.process, *seed.image, leftMs(deadline_ns));
    if (!wanted) return wanted.error();
    Result<std::vector<std::byte>> plan =
        buildSeedPlan({seed.process, seed.image.get(), &files_, trust, std::move(wanted).value()});
    if (!plan) return plan.error();
    Result<PlanView> view = PlanView::parse(plan.value());
    if (!view) return view.error();
    seed.served->segments = segmentsOf(view->maps());
    Result<UniqueFd> descriptor_fd = sealedMemfd("farfork-descriptor", seed.descriptor);
    if (!descriptor_fd) return descriptor_fd.error();
    Result<UniqueFd> plan_fd = sealedMemfd("farfork-plan", plan.value());
    if (!plan_fd) return plan_fd.error();
    seed.descriptor_fd = std::move(descriptor_fd).value();
    seed.plan_fd = std::move(plan_fd).value();
    return spawner_.adopt(seed, leftMs(deadline_ns));
}

}  // namespace farfork::pagerd
