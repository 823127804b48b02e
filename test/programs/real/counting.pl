# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use integer;
$| = 1;
my @table = map { $_ * 3 } 0 .. 50_000;
my ($step, $state) = (0, 1);
while (1) {
    $state = ($state * 1103515245 + $table[$step % 50_000] + 12345) & 0x7fffffff;
    $step++;
    print "$step $state\n";
    select(undef, undef, undef, 0.005);
}
