// SPDX-License-Identifier: Apache-2.0
// carried: deleted log that grows all the time, opened to append, and a sparse deleted file of a terabyte
#define CONFORMANCE_OWN_WAIT
#include "../conformance.h"

#define FAR (1LL << 40)

static int log_file, reader, sparse;
static long records;

static int made(const char* name, int flags) {
    const int file = open(in_folder(name), O_CREAT | flags, 0600);
    EXPECT(file >= 0);
    return file;
}

static void setup(void) {
    log_file = made("log", O_WRONLY | O_APPEND);
    reader = open(in_folder("log"), O_RDONLY);
    sparse = made("sparse", O_RDWR);
    EXPECT(reader >= 0 && unlink(in_folder("log")) == 0 && unlink(in_folder("sparse")) == 0);
    if (ftruncate(sparse, FAR + 10) != 0) LACKS("sparse files of a terabyte");
    EXPECT_EQUAL(pwrite(sparse, "near", 4, 0), 4);
    EXPECT_EQUAL(pwrite(sparse, "far", 3, FAR), 3);
}

static void add(void) {
    EXPECT_EQUAL(write(log_file, &records, sizeof records), sizeof records);
    records++;
}

static void wait_for_go(void) {
    while (!go_seen()) add();
}

/* Memory and file are of one instant: between a write and the count of it, at most. */
static void check(void) {
    struct stat about;
    EXPECT(fstat(reader, &about) == 0);
    EXPECT_EQUAL(about.st_nlink, 0);
    EXPECT_EQUAL(about.st_size, records * (long)sizeof records);
    for (int i = 0; i < 1000; i++) add();
    for (long record = 0, seen = -1; record < records; record++) {
        EXPECT_EQUAL(read(reader, &seen, sizeof seen), sizeof seen);
        EXPECT_EQUAL(seen, record);
    }
    EXPECT_EQUAL(fcntl(log_file, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
    char text[8] = {0};
    EXPECT(fstat(sparse, &about) == 0);
    EXPECT_EQUAL(about.st_size, FAR + 10);
    EXPECT(about.st_blocks < 1000);
    EXPECT(pread(sparse, text, 4, 0) == 4 && memcmp(text, "near", 4) == 0);
    EXPECT(pread(sparse, text, 4, FAR) == 4 && memcmp(text, "far", 4) == 0);
}
