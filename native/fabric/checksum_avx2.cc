// SPDX-License-Identifier: Apache-2.0
//
// Compiled with -mavx2, so nothing but xxhash's static functions may be instantiated here.
#include "fabric/checksum_avx2.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace farfork::fabric {

void checksumUpdateAvx2(void* state, const void* data, size_t bytes) {
    XXH3_64bits_update(static_cast<XXH3_state_t*>(state), data, bytes);
}

}  // namespace farfork::fabric
