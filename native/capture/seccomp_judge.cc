// SPDX-License-Identifier: Apache-2.0
//
// Runs filters (classic BPF) on a call of which only the number and some arguments are known.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cstring>
#include <optional>
#include <vector>

#include "capture/seccomp.h"
#include "descriptor/seccomp.h"

namespace farfork::capturing {
namespace {

using Value = std::optional<uint32_t>;  // nothing: not known

struct Filter {
    std::vector<sock_filter> code;
};

struct Call {
    const char* name;
    uint32_t number;
    Value arguments[12];  // struct seccomp_data's args, as 32-bit halves
};

std::vector<Filter> filtersOf(std::span<const std::byte> chain) {
    std::vector<Filter> filters;
    while (chain.size() >= sizeof(ff_seccomp_filter)) {
        ff_seccomp_filter head{};
        std::memcpy(&head, chain.data(), sizeof head);
        Filter filter;
        filter.code.resize(head.length);
        const size_t bytes = head.length * sizeof(sock_filter);
        std::memcpy(filter.code.data(), chain.data() + sizeof head, bytes);
        chain = chain.subspan(sizeof head + bytes);
        filters.push_back(std::move(filter));
    }
    return filters;
}

/// struct seccomp_data is all that a filter can load (linux kernel/seccomp.c, seccomp_check_filter).
Value load(const Call& call, uint32_t offset) {
    if (offset == offsetof(seccomp_data, nr)) return call.number;
    if (offset == offsetof(seccomp_data, arch)) return AUDIT_ARCH_X86_64;
    if (offset < offsetof(seccomp_data, args)) return std::nullopt;  // the address of the instruction
    return call.arguments[(offset - offsetof(seccomp_data, args)) / 4];
}

Value compute(uint16_t operation, Value left, Value right) {
    if (operation == BPF_NEG) return left ? Value(0u - *left) : left;
    if (operation == BPF_AND && ((left && *left == 0) || (right && *right == 0))) return 0u;
    if (!left || !right) return std::nullopt;
    switch (operation) {
        case BPF_ADD:
            return *left + *right;
        case BPF_SUB:
            return *left - *right;
        case BPF_MUL:
            return *left * *right;
        case BPF_DIV:
            return *right ? Value(*left / *right) : std::nullopt;
        case BPF_OR:
            return *left | *right;
        case BPF_AND:
            return *left & *right;
        case BPF_XOR:
            return *left ^ *right;
        case BPF_LSH:
            return *right < 32 ? *left << *right : 0u;
        case BPF_RSH:
            return *right < 32 ? *left >> *right : 0u;
    }
    return std::nullopt;
}

std::optional<bool> compare(uint16_t operation, Value left, Value right) {
    if (!left || !right) return std::nullopt;
    switch (operation) {
        case BPF_JEQ:
            return *left == *right;
        case BPF_JGT:
            return *left > *right;
        case BPF_JGE:
            return *left >= *right;
        case BPF_JSET:
            return (*left & *right) != 0;
    }
    return std::nullopt;
}

/// What the filter returns; nothing when that depends on what is not known.
Value run(const Filter& filter, const Call& call) {
    Value accumulator = 0u, index = 0u, memory[BPF_MEMWORDS] = {};
    for (size_t at = 0; at < filter.code.size(); at++) {
        const sock_filter& step = filter.code[at];
        const Value operand = BPF_SRC(step.code) == BPF_X ? index : Value(step.k);
        const bool in_memory = BPF_MODE(step.code) == BPF_MEM;
        if (in_memory && BPF_CLASS(step.code) <= BPF_STX && step.k >= BPF_MEMWORDS) return std::nullopt;
        switch (BPF_CLASS(step.code)) {
            case BPF_LD:
            case BPF_LDX: {
                Value loaded = step.k;  // BPF_IMM
                if (BPF_MODE(step.code) == BPF_ABS) loaded = load(call, step.k);
                if (BPF_MODE(step.code) == BPF_LEN) loaded = static_cast<uint32_t>(sizeof(seccomp_data));
                if (in_memory) loaded = memory[step.k];
                (BPF_CLASS(step.code) == BPF_LD ? accumulator : index) = loaded;
                break;
            }
            case BPF_ST:
            case BPF_STX:
                if (step.k >= BPF_MEMWORDS) return std::nullopt;
                memory[step.k] = BPF_CLASS(step.code) == BPF_ST ? accumulator : index;
                break;
            case BPF_ALU:
                accumulator = compute(BPF_OP(step.code), accumulator, operand);
                break;
            case BPF_JMP: {
                if (BPF_OP(step.code) == BPF_JA) {
                    at += step.k;
                    break;
                }
                const auto taken = compare(BPF_OP(step.code), accumulator, operand);
                if (!taken) return std::nullopt;
                at += *taken ? step.jt : step.jf;
                break;
            }
            case BPF_RET:
                return BPF_RVAL(step.code) == BPF_A ? accumulator : Value(step.k);
            case BPF_MISC:
                (BPF_MISCOP(step.code) == BPF_TAX ? index : accumulator) =
                    BPF_MISCOP(step.code) == BPF_TAX ? accumulator : index;
                break;
        }
    }
    return std::nullopt;
}

bool passes(std::span<const Filter> filters, const Call& call) {
    for (const Filter& filter : filters) {
        const Value result = run(filter, call);
        const uint32_t action = result ? *result & SECCOMP_RET_ACTION_FULL : SECCOMP_RET_KILL_PROCESS;
        if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG) return false;
    }
    return true;
}

}  // namespace

std::string seccompObstacle(std::span<const std::byte> chain, bool drops_capability) {
    const Call install{"seccomp", SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 0u}};
    const Call drop{"capset", SYS_capset, {}};
    const Call jump{"rt_sigreturn", SYS_rt_sigreturn, {}};
    const std::vector<Filter> filters = filtersOf(chain);
    for (size_t count = 1; count < filters.size(); count++)
        if (!passes(std::span(filters).first(count), install)) return install.name;
    if (drops_capability && !passes(filters, drop)) return drop.name;
    return filters.empty() || passes(filters, jump) ? "" : jump.name;
}

bool seccompPasses(std::span<const std::byte> chain, uint32_t number) {
    return passes(filtersOf(chain), Call{"", number, {}});
}

bool hasSeccompListener(std::span<const std::byte> chain) {
    for (const Filter& filter : filtersOf(chain))
        for (const sock_filter& step : filter.code)
            if (BPF_CLASS(step.code) == BPF_RET && BPF_RVAL(step.code) == BPF_K &&
                (step.k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
                return true;
    return false;
}

}  // namespace farfork::capturing
