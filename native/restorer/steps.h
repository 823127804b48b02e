// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/result.h"
#include "descriptor/plan_view.h"
#include "descriptor/view.h"
#include "restorer/arguments.h"

namespace farfork {

/// The stage's name, e.g. "restorer.map"; "restorer.unknown" for a number that is none.
const char* restorerStepName(uint32_t step);

/// The error that a FAILED status means, with the object named: RESUME_FAILED, or FILE_MISSING for a path that is not
/// there.
Error restorerError(const ff_status& status, const DescriptorView& descriptor, const PlanView& plan);

}  // namespace farfork
