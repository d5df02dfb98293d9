"""The system calls a learner's process may not make, as a classic BPF program (seccomp(2), x86_64 and aarch64).

Denied sockets answer EACCES, so that Python says `PermissionError: [Errno 13]`; denied processes and signals answer
EPERM (`[Errno 1]`): the judge tells them apart by that. clone3 answers ENOSYS, so that the C library falls back to
clone, whose flags a filter can read: a thread passes, a process does not. Call numbers that are newer than this
table answer ENOSYS too: what nobody has thought about here is not there.
"""

import ctypes
import errno
import os
import struct

from . import kernel

AUDIT_ARCH = (0xC000003E, 0xC00000B7)
NEWEST = 470  # the first call number that this table does not know (Linux 6.18); also stops the x32 numbers
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that clone(2) takes
CLONE_THREAD = 0x00010000

# name: (x86_64, aarch64); None where the machine has no such call.
SOCKETS = {
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242), "sendmsg": (46, 211),
    "sendmmsg": (307, 269), "bind": (49, 200), "listen": (50, 201),
}  # fmt: skip
PROCESSES = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "setpriority": (141, 140), "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118), "sched_setattr": (314, 274), "ioprio_set": (251, 30),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
}  # fmt: skip
KERNEL = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467), "unshare": (272, 97),
    "setns": (308, 268), "bpf": (321, 280), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262), "syslog": (103, 116), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
    "vhangup": (153, 58), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42), "uselib": (134, None),
}  # fmt: skip
# Memory that no limit counts: files without a name, System V segments and queues.
UNCOUNTED = {
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196),
    "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
}  # fmt: skip
# Calls on a process, allowed only on oneself; the first argument names it.
ON_ONESELF = {
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "prlimit64": (302, 261),
}  # fmt: skip
CLONE, CLONE3, SENDTO, PRCTL = (56, 220), (435, 435), (44, 206), (157, 167)


def program(machine: int, pid: int) -> bytes:
    """The filter for a learner whose process id is `pid`, as struct sock_filter[]."""
    out: list[bytes] = []

    def add(code: int, value: int, yes: int = 0, no: int = 0) -> None:
        out.append(struct.pack("=HBBI", code, yes, no, value))

    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    number, arch = 0, 4  # offsets in struct seccomp_data

    def argument(i: int) -> int:  # its low word; the high one lies 4 further
        return 16 + 8 * i

    def deny(code: int) -> None:
        add(give, ERRNO | code)

    def checked(call: int | None, body: list[tuple[int, int, int, int]]) -> None:
        """For this call run `body`, which returns; any other call skips it."""
        if call is not None:
            add(equal, call, 0, len(body))
            for code, value, yes, no in body:
                add(code, value, yes, no)

    add(load, arch)
    add(equal, AUDIT_ARCH[machine], 1, 0)
    add(give, KILL)
    add(load, number)
    add(at_least, NEWEST, 0, 1)
    deny(errno.ENOSYS)
    for calls, code in ((SOCKETS, errno.EACCES), (PROCESSES, errno.EPERM), (KERNEL, errno.EPERM),
                        (UNCOUNTED, errno.EPERM), ({"clone3": CLONE3}, errno.ENOSYS)):  # fmt: skip
        for numbers in calls.values():
            checked(numbers[machine], [(give, ERRNO | code, 0, 0)])
    allow, refuse = (give, ALLOW, 0, 0), (give, ERRNO | errno.EPERM, 0, 0)
    checked(CLONE[machine], [(load, argument(0), 0, 0), (any_bit, NAMESPACES, 2, 0), (any_bit, CLONE_THREAD, 0, 1),
                             allow, refuse])  # fmt: skip
    for name, numbers in ON_ONESELF.items():
        zero_is_oneself = 0 if name == "prlimit64" else pid
        checked(numbers[machine], [(load, argument(0), 0, 0), (equal, pid, 1, 0), (equal, zero_is_oneself, 0, 1),
                                   allow, refuse])  # fmt: skip
    # sendto with an address would reach a socket outside; without one it is how send() on a socketpair works.
    checked(SENDTO[machine], [(load, argument(4), 0, 0), (equal, 0, 0, 3), (load, argument(4) + 4, 0, 0),
                              (equal, 0, 0, 1), allow, (give, ERRNO | errno.EACCES, 0, 0)])  # fmt: skip
    checked(PRCTL[machine], [(load, argument(0), 0, 0), (equal, kernel.PR_SET_PDEATHSIG, 1, 0), allow, refuse])
    add(give, ALLOW)
    return b"".join(out)


def install() -> None:
    """Bind this process, for good. no_new_privs must be set."""
    if kernel.MACHINE is None:
        raise OSError(errno.ENOSYS, "no table of system calls for this machine")
    body = ctypes.create_string_buffer(program(kernel.MACHINE, os.getpid()))
    count = (len(body) - 1) // 8
    header = struct.pack("@HxxxxxxP", count, ctypes.addressof(body))
    kernel.call((317, 277)[kernel.MACHINE], 1, 4, header)  # SECCOMP_SET_MODE_FILTER, SPEC_ALLOW: no slow mode
