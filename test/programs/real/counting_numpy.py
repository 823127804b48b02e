# SPDX-License-Identifier: Apache-2.0
import sys
import time

import numpy

matrix = numpy.arange(300 * 300, dtype=numpy.float64).reshape(300, 300) % 97
step = 0
while True:
    matrix = (matrix @ matrix + numpy.eye(300)) % 97
    step += 1
    sys.stdout.write(f"{step} {int(matrix.sum())} {int(matrix[7, 11])}\n")
    sys.stdout.flush()
    time.sleep(0.005)
