// A simulated disk that can be full, broken or slow, and that logs all operations.
//
// The tests compile this library and preload it into the server (LD_PRELOAD); see tests/src/disk. It
// only affects files whose path starts with DISK_FILES, and their folder. DISK_CONTROL is a small
// shared file through which the test sets faults while the server runs. Writes, syncs and sent data
// are logged to DISK_LOG.<pid>.
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

// The control file. The test writes all fields but the last two, which are counters.
struct control {
    _Atomic uint64_t free_space;  // bytes by which files may still grow
    _Atomic uint64_t write_error; // errno of every write, or 0
    _Atomic uint64_t sync_error;  // errno of every sync, or 0
    _Atomic uint64_t file_error;  // errno of every sync of a file that is not a WAL (`-wal`), or 0
    _Atomic uint64_t sync_micros; // delay of every sync, in microseconds
    _Atomic uint64_t record;      // whether to log
    _Atomic uint64_t full;        // number of writes without enough space
    _Atomic uint64_t failed;      // number of injected failures of writes and syncs
};

enum { OPENED = 1, WRITTEN = 2, TRUNCATED = 3, SYNCED = 4, SENT = 5, REMOVED = 6, FOLDER_CREATED = 7 };

// The header of a log record. `length` bytes follow: a path, or the data that was written or sent.
struct record {
    uint32_t kind;
    uint32_t length;
    uint64_t began;
    uint64_t ended;
    int64_t result; // 0, or the errno
    uint64_t file;  // inode of the file, or descriptor of the socket
    uint64_t offset;
};

#define MAX_FILES 65536
enum { UNKNOWN = 0, OTHER = 1, SOCKET = 2, WATCHED = 3, WATCHED_WAL = 4 };
static _Atomic char kinds[MAX_FILES];

static struct control none = {.free_space = UINT64_MAX};
static struct control *control = &none;
static char files[PATH_MAX], folder[PATH_MAX];
static int log_file = -1;
static _Atomic uint64_t sequence = 1;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER, space_lock = PTHREAD_MUTEX_INITIALIZER;
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

static int is_watched(const char *path) {
    pthread_once(&once, start);
    return files[0] && (strncmp(path, files, strlen(files)) == 0 || strcmp(path, folder) == 0);
}

// Returns the kind of a descriptor. Watched files are registered when they are opened.
static int kind_of(int fd) {
    if (fd < 0 || fd >= MAX_FILES) return OTHER;
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

static void log_record(struct record record, const struct iovec *parts, int count) {
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

// Opens the log at the first operation on a watched file, so that child programs, which inherit this
// library, create none.
static void open_log(void) {
    pthread_mutex_lock(&log_lock);
    if (log_file < 0 && getenv("DISK_LOG")) {
        char name[PATH_MAX + 32];
        snprintf(name, sizeof name, "%s.%d", getenv("DISK_LOG"), (int)getpid());
        log_file = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    pthread_mutex_unlock(&log_lock);
}

static void log_path(int kind, const char *path, uint64_t file, uint64_t is_new) {
    open_log();
    struct iovec part = {(void *)path, strlen(path)};
    uint64_t now = next();
    log_record((struct record){kind, (uint32_t)part.iov_len, now, now, 0, file, is_new}, &part, 1);
}

static void opened(int fd, const char *path, int is_new) {
    if (fd < 0 || fd >= MAX_FILES) return;
    int watched = is_watched(path);
    size_t length = strlen(path);
    int is_wal = length > 4 && strcmp(path + length - 4, "-wal") == 0;
    kinds[fd] = !watched ? UNKNOWN : is_wal ? WATCHED_WAL : WATCHED;
    if (!watched) return;
    log_path(OPENED, path, inode(fd), (uint64_t)is_new);
}

static int open_at(int at, const char *path, int flags, mode_t mode) {
    int is_new = (flags & O_CREAT) && is_watched(path) && access(path, F_OK) != 0;
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
    if (fd >= 0 && fd < MAX_FILES) kinds[fd] = UNKNOWN;
    return (int)syscall(SYS_close, fd);
}

int unlink(const char *path) {
    struct stat found;
    uint64_t file = stat(path, &found) == 0 ? found.st_ino : 0;
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0 && is_watched(path)) log_path(REMOVED, path, file, 0);
    return done;
}

int mkdir(const char *path, mode_t mode) {
    int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (done == 0 && is_watched(path)) log_path(FOLDER_CREATED, path, 0, 0);
    return done;
}

// Returns how many bytes of a write fit. As on a real disk, overwriting needs no space, and a write
// that does not fit is cut short.
static ssize_t writable_length(int fd, size_t length, off_t offset) {
    if (control->write_error) {
        control->failed++;
        errno = (int)control->write_error;
        return -1;
    }
    if (control->free_space == UINT64_MAX) return (ssize_t)length;
    struct stat found;
    if (fstat(fd, &found) != 0) return -1;
    pthread_mutex_lock(&space_lock);
    uint64_t end = (uint64_t)offset + length, size = (uint64_t)found.st_size, space = control->free_space;
    uint64_t more = end > size ? end - size : 0, fits = more < space ? more : space;
    control->free_space = space - fits;
    pthread_mutex_unlock(&space_lock);
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
    ssize_t done = writable_length(fd, length, offset);
    if (done > 0) done = syscall(SYS_pwrite64, fd, bytes, (size_t)done, offset);
    if (done > 0) {
        struct iovec part = {(void *)bytes, (size_t)done};
        log_record((struct record){WRITTEN, (uint32_t)done, began, next(), 0, inode(fd), (uint64_t)offset}, &part, 1);
    }
    return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    if (kind_of(fd) >= WATCHED) return write_at(fd, bytes, length, offset);
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return pwrite(fd, bytes, length, offset); }

// Sent data is logged before it is sent.
static void log_sent(int fd, const struct iovec *parts, int count) {
    size_t length = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    uint64_t now = next();
    log_record((struct record){SENT, (uint32_t)length, now, now, 0, (uint64_t)fd, 0}, parts, count);
}
ssize_t write(int fd, const void *bytes, size_t length) {
    int kind = kind_of(fd);
    if (kind >= WATCHED) {
        off_t offset = lseek(fd, 0, SEEK_CUR);
        ssize_t done = write_at(fd, bytes, length, offset);
        if (done > 0) lseek(fd, offset + done, SEEK_SET);
        return done;
    }
    if (kind == SOCKET) log_sent(fd, &(struct iovec){(void *)bytes, length}, 1);
    return syscall(SYS_write, fd, bytes, length);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (kind_of(fd) == SOCKET) log_sent(fd, parts, count);
    return syscall(SYS_writev, fd, parts, count);
}
ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    if (kind_of(fd) == SOCKET) log_sent(fd, &(struct iovec){(void *)bytes, length}, 1);
    return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (kind_of(fd) == SOCKET) log_sent(fd, message->msg_iov, (int)message->msg_iovlen);
    return syscall(SYS_sendmsg, fd, message, flags);
}

int ftruncate(int fd, off_t length) {
    uint64_t began = next();
    int done = (int)syscall(SYS_ftruncate, fd, length);
    if (done == 0 && kind_of(fd) >= WATCHED)
        log_record((struct record){TRUNCATED, 0, began, next(), 0, inode(fd), (uint64_t)length}, NULL, 0);
    return done;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

static int sync_file(int fd, long call) {
    int kind = kind_of(fd);
    if (kind < WATCHED) return (int)syscall(call, fd);
    uint64_t began = next();
    if (control->sync_micros) usleep((useconds_t)control->sync_micros);
    int error = (int)control->sync_error;
    if (!error && kind == WATCHED) error = (int)control->file_error;
    if (error) {
        control->failed++;
    } else if (syscall(call, fd) != 0) {
        error = errno;
    }
    log_record((struct record){SYNCED, 0, began, next(), error, inode(fd), 0}, NULL, 0);
    errno = error;
    return error ? -1 : 0;
}
int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }
