// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "image/layout.h"
#include "image/page_scan.h"
#include "image/process_view.h"

namespace farfork {

/// The layout of a captured process, from its VMAs and the twin's page tables. Private VMAs only:
/// anonymous pages -> kTwin extents (gaps of up to 3 pages are included: they read as zeros, exactly as they would);
/// a private file mapping with copied pages, or of a deleted file -> kTwin extents for those pages and kFile extents
/// for the rest up to the file's end (pages behind it belong to no extent: the pager raises SIGBUS there, as a mapping
/// would). Errors: STATE_NOT_CARRIED (an address above 2^47; memory of a farfork child), CAPTURE_FAILED.
Result<Layout> buildLayout(const ProcessView& process, const PageScan& scan);

}  // namespace farfork
