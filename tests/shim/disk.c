// A disk that can be told to be full, broken or slow, and that writes down what it was asked.
//
// It stands between a program and libc (LD_PRELOAD). The tests compile it and start the server with
// it; see tests/src/disk. Of all files only those are touched whose path begins with DISK_FILES, and
// the folder they are in. What the disk is to do is read from a small file, DISK_CONTROL, which the
// test changes while the program runs. What was written, synced and sent goes to DISK_LOG.<process>.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// The numbers of the control file, in order. The test writes all but the last two, which are counts.
struct control {
    _Atomic uint64_t room;        // bytes by which files may still grow
    _Atomic uint64_t write_error; // the error of every write, or 0
    _Atomic uint64_t sync_error;  // the error of every sync, or 0
    _Atomic uint64_t file_error;  // the error of every sync of a file that is no log (`-wal`), or 0
    _Atomic uint64_t sync_micros; // how much longer each sync takes
    _Atomic uint64_t record;      // whether what happens is written down
    _Atomic uint64_t full;        // how often there was no room
    _Atomic uint64_t failed;      // how often a write or a sync failed as it was told
};

enum { OPENED = 1, WRITTEN = 2, CUT = 3, SYNCED = 4, SENT = 5, REMOVED = 6, MADE = 7 };

// One record of the log; `length` bytes follow: a path, or what was written or sent.
struct record {
    uint32_t kind;
    uint32_t length;
    uint64_t began;
    uint64_t ended;
    int64_t result; // 0, or the error
    uint64_t file;  // by its inode; of a socket its descriptor
    uint64_t offset;
};

#define MOST_FILES 65536
enum { UNKNOWN = 0, OTHER = 1, SOCKET = 2, OURS = 3, OUR_LOG = 4 };
static _Atomic char kinds[MOST_FILES];

static struct control none = {.room = UINT64_MAX};
static struct control *control = &none;
static char files[PATH_MAX], folder[PATH_MAX];
static int log_file = -1;
static _Atomic uint64_t sequence = 1;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER, room_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void) {
    const char *path = getenv("DISK_FILES");
    if (!path) return;
    snprintf(files, sizeof files, "%s", path);
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, getenv("DISK_CONTROL"), O_RDWR | O_CLOEXEC, 0);
    void *page = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || page == MAP_FAILED) abort();
    syscall(SYS_close, fd);
    control = page;
}

static int is_ours(const char *path) {
    pthread_once(&once, start);
    return files[0] && (strncmp(path, files, strlen(files)) == 0 || strcmp(path, folder) == 0);
}

// What a descriptor is. Those of our files were noted when they were opened.
static int kind_of(int fd) {
    if (fd < 0 || fd >= MOST_FILES) return OTHER;
    int kind = kinds[fd];
    if (kind == UNKNOWN) {
        struct stat found;
        kind = fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode) ? SOCKET : OTHER;
        kinds[fd] = (char)kind;
    }
    return kind;
}

static uint64_t inode(int fd) {
    struct stat found;
    return fstat(fd, &found) == 0 ? found.st_ino : 0;
}

static uint64_t next(void) { return atomic_fetch_add(&sequence, 1); }

static void note(struct record record, const struct iovec *parts, int count) {
    if (log_file < 0 || !control->record) return;
    int saved = errno;
    struct iovec all[IOV_MAX];
    all[0] = (struct iovec){&record, sizeof record};
    if (count > IOV_MAX - 1) abort();
    uint64_t left = record.length;
    int used = 1;
    for (int i = 0; i < count && left > 0; i++) {
        size_t taken = parts[i].iov_len < left ? parts[i].iov_len : left;
        all[used++] = (struct iovec){parts[i].iov_base, taken};
        left -= taken;
    }
    pthread_mutex_lock(&log_lock);
    for (int i = 0; i < used;) {
        ssize_t done = syscall(SYS_writev, log_file, all + i, used - i);
        if (done < 0) {
            if (errno == EINTR) continue;
            abort();
        }
        while (i < used && (size_t)done >= all[i].iov_len) done -= (ssize_t)all[i++].iov_len;
        if (i < used) {
            all[i].iov_base = (char *)all[i].iov_base + done;
            all[i].iov_len -= (size_t)done;
        }
    }
    pthread_mutex_unlock(&log_lock);
    errno = saved;
}

// The log is begun by the first that has to do with one of our files: other programs, which inherit
// this library, have none.
static void begin_log(void) {
    pthread_mutex_lock(&log_lock);
    if (log_file < 0 && getenv("DISK_LOG")) {
        char name[PATH_MAX + 32];
        snprintf(name, sizeof name, "%s.%d", getenv("DISK_LOG"), (int)getpid());
        log_file = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    pthread_mutex_unlock(&log_lock);
}

static void note_path(int kind, const char *path, uint64_t file, uint64_t is_new) {
    begin_log();
    struct iovec part = {(void *)path, strlen(path)};
    uint64_t now = next();
    note((struct record){kind, (uint32_t)part.iov_len, now, now, 0, file, is_new}, &part, 1);
}

static void opened(int fd, const char *path, int is_new) {
    if (fd < 0 || fd >= MOST_FILES) return;
    int ours = is_ours(path);
    size_t length = strlen(path);
    int is_log = length > 4 && strcmp(path + length - 4, "-wal") == 0;
    kinds[fd] = !ours ? UNKNOWN : is_log ? OUR_LOG : OURS;
    if (!ours) return;
    note_path(OPENED, path, inode(fd), (uint64_t)is_new);
}

static int open_at(int at, const char *path, int flags, mode_t mode) {
    int is_new = (flags & O_CREAT) && is_ours(path) && access(path, F_OK) != 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    opened(fd, path, is_new);
    return fd;
}

#define MODE(flags, last)                                                                          \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list arguments;                                                                         \
        va_start(arguments, last);                                                                 \
        mode = va_arg(arguments, mode_t);                                                          \
        va_end(arguments);                                                                         \
    }
int open(const char *path, int flags, ...) { MODE(flags, flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags, flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags, flags) return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags, flags) return open_at(at, path, flags, mode); }

int close(int fd) {
    if (fd >= 0 && fd < MOST_FILES) kinds[fd] = UNKNOWN;
    return (int)syscall(SYS_close, fd);
}

int unlink(const char *path) {
    struct stat found;
    uint64_t file = stat(path, &found) == 0 ? found.st_ino : 0;
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0 && is_ours(path)) note_path(REMOVED, path, file, 0);
    return done;
}

int mkdir(const char *path, mode_t mode) {
    int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (done == 0 && is_ours(path)) note_path(MADE, path, 0, 0);
    return done;
}

// How much of a write has room: as on a real disk what overwrites needs none, and what does not fit
// whole is written as far as it does.
static ssize_t with_room(int fd, size_t length, off_t offset) {
    if (control->write_error) {
        control->failed++;
        errno = (int)control->write_error;
        return -1;
    }
    if (control->room == UINT64_MAX) return (ssize_t)length;
    struct stat found;
    if (fstat(fd, &found) != 0) return -1;
    pthread_mutex_lock(&room_lock);
    uint64_t end = (uint64_t)offset + length, size = (uint64_t)found.st_size, room = control->room;
    uint64_t more = end > size ? end - size : 0, fits = more < room ? more : room;
    control->room = room - fits;
    pthread_mutex_unlock(&room_lock);
    uint64_t written = length - (more - fits);
    if (more > fits) control->full++;
    if (more > fits && (uint64_t)offset >= size + fits) {
        errno = ENOSPC;
        return -1;
    }
    return (ssize_t)written;
}

static ssize_t write_at(int fd, const void *bytes, size_t length, off_t offset) {
    uint64_t began = next();
    ssize_t done = with_room(fd, length, offset);
    if (done > 0) done = syscall(SYS_pwrite64, fd, bytes, (size_t)done, offset);
    if (done > 0) {
        struct iovec part = {(void *)bytes, (size_t)done};
        note((struct record){WRITTEN, (uint32_t)done, began, next(), 0, inode(fd), (uint64_t)offset}, &part, 1);
    }
    return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    if (kind_of(fd) >= OURS) return write_at(fd, bytes, length, offset);
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return pwrite(fd, bytes, length, offset); }

// What is sent is noted before it is.
static void sending(int fd, const struct iovec *parts, int count) {
    size_t length = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    uint64_t now = next();
    note((struct record){SENT, (uint32_t)length, now, now, 0, (uint64_t)fd, 0}, parts, count);
}
ssize_t write(int fd, const void *bytes, size_t length) {
    int kind = kind_of(fd);
    if (kind >= OURS) {
        off_t offset = lseek(fd, 0, SEEK_CUR);
        ssize_t done = write_at(fd, bytes, length, offset);
        if (done > 0) lseek(fd, offset + done, SEEK_SET);
        return done;
    }
    if (kind == SOCKET) sending(fd, &(struct iovec){(void *)bytes, length}, 1);
    return syscall(SYS_write, fd, bytes, length);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (kind_of(fd) == SOCKET) sending(fd, parts, count);
    return syscall(SYS_writev, fd, parts, count);
}
ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    if (kind_of(fd) == SOCKET) sending(fd, &(struct iovec){(void *)bytes, length}, 1);
    return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (kind_of(fd) == SOCKET) sending(fd, message->msg_iov, (int)message->msg_iovlen);
    return syscall(SYS_sendmsg, fd, message, flags);
}

int ftruncate(int fd, off_t length) {
    uint64_t began = next();
    int done = (int)syscall(SYS_ftruncate, fd, length);
    if (done == 0 && kind_of(fd) >= OURS)
        note((struct record){CUT, 0, began, next(), 0, inode(fd), (uint64_t)length}, NULL, 0);
    return done;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

static int sync_file(int fd, long call) {
    int kind = kind_of(fd);
    if (kind < OURS) return (int)syscall(call, fd);
    uint64_t began = next();
    if (control->sync_micros) usleep((useconds_t)control->sync_micros);
    int error = (int)control->sync_error;
    if (!error && kind == OURS) error = (int)control->file_error;
    if (error) {
        control->failed++;
    } else if (syscall(call, fd) != 0) {
        error = errno;
    }
    note((struct record){SYNCED, 0, began, next(), error, inode(fd), 0}, NULL, 0);
    errno = error;
    return error ? -1 : 0;
}
int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }
