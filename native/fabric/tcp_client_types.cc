// SPDX-License-Identifier: Apache-2.0
#include "fabric/tcp_client_types.h"

namespace farfork::fabric {

void runAll(const Completions& completions) {
    for (const auto& completion : completions) completion();
}

void finish(ReadRequest& request, const std::optional<Error>& error, Completions& completions) {
    ReadOperation& operation = *request.operation;
    if (error && !operation.error) operation.error = error;
    if (--operation.outstanding > 0) return;
    completions.push_back(
        [kept = request.operation] { kept->done(kept->error ? Result<void>(*kept->error) : Result<void>()); });
}

}  // namespace farfork::fabric
