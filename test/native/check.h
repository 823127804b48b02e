// SPDX-License-Identifier: Apache-2.0
//
// The whole test framework: TEST(name) { CHECK(...); }, one executable per *_test.cc, run by CTest.
// A failed CHECK is printed and the test goes on; skipTest() ends the process with 77 (CTest: SKIP_RETURN_CODE 77).
// Arguments: names of the tests to run; none means all.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace farfork::test {

struct Case {
    const char* name;
    void (*body)();
};
inline std::vector<Case>& cases() {
    static std::vector<Case> all;
    return all;
}
inline int failures = 0;

struct Registration {
    Registration(const char* name, void (*body)()) { cases().push_back({name, body}); }
};

[[noreturn]] inline void skipTest(const std::string& missing_capability) {
    std::printf("SKIP: %s\n", missing_capability.c_str());
    std::exit(77);
}

inline void fail(const char* file, int line, const std::string& what) {
    ++failures;
    std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

template <class T>
std::string show(const T& value) {
    std::ostringstream out;
    if constexpr (std::is_enum_v<T>) {
        out << static_cast<long long>(value);
    } else if constexpr (requires { out << value; }) {
        out << value;
    } else {
        out << "(a value)";
    }
    return out.str();
}

/// "CODE at stage for object: detail" of a Result, or "ok".
template <class R>
std::string showResult(const R& result) {
    if (result.ok()) return "ok";
    const auto& error = result.error();
    return std::string(errorCodeName(error.code)) + " at " + error.stage + " for " + error.object + ": " + error.detail;
}

inline int run(int argc, char** argv) {
    for (const Case& test : cases()) {
        bool wanted = argc < 2;
        for (int index = 1; index < argc; ++index) wanted = wanted || std::string_view(argv[index]) == test.name;
        if (!wanted) continue;
        const int before = failures;
        try {
            test.body();
        } catch (const std::exception& thrown) {
            fail(test.name, 0, std::string("threw ") + thrown.what());
        }
        std::printf("%s %s\n", failures == before ? "ok  " : "FAIL", test.name);
        std::fflush(stdout);
    }
    return failures == 0 ? 0 : 1;
}

}  // namespace farfork::test

#define TEST(test_name)                                                                         \
    static void test_name();                                                                    \
    static const ::farfork::test::Registration registration_##test_name(#test_name, test_name); \
    static void test_name()
#define CHECK(condition)                                                                      \
    do {                                                                                      \
        if (!(condition)) ::farfork::test::fail(__FILE__, __LINE__, "CHECK(" #condition ")"); \
    } while (false)
#define CHECK_EQ(left, right)                                                                                         \
    do {                                                                                                              \
        const auto& left_value = (left);                                                                              \
        const auto& right_value = (right);                                                                            \
        if (!(left_value == right_value)) {                                                                           \
            ::farfork::test::fail(__FILE__, __LINE__,                                                                 \
                                  "CHECK_EQ(" #left ", " #right "): " + ::farfork::test::show(left_value) + " and " + \
                                      ::farfork::test::show(right_value));                                            \
        }                                                                                                             \
    } while (false)
/// For a Result: prints the error; REQUIRE_OK also leaves the test.
#define CHECK_OK(result)                                                                                           \
    do {                                                                                                           \
        const auto& checked_result = (result);                                                                     \
        if (!checked_result.ok()) {                                                                                \
            ::farfork::test::fail(__FILE__, __LINE__, #result ": " + ::farfork::test::showResult(checked_result)); \
        }                                                                                                          \
    } while (false)
#define REQUIRE(condition)                                                        \
    do {                                                                          \
        if (!(condition)) {                                                       \
            ::farfork::test::fail(__FILE__, __LINE__, "REQUIRE(" #condition ")"); \
            return;                                                               \
        }                                                                         \
    } while (false)
#define TEST_MAIN                                \
    int main(int argc, char** argv) {            \
        return ::farfork::test::run(argc, argv); \
    }
