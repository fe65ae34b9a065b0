#include "tests/support/faulty_vfs.hpp"

#include <sqlite3.h>

namespace sitepower::support {

namespace {

// What SQLite holds for an open file; the file of the VFS below follows it in memory.
struct LayerFile {
    sqlite3_file base;
    FaultyVfs* owner;
    sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

LayerFile* layer(sqlite3_file* file) {
    return reinterpret_cast<LayerFile*>(file);
}
sqlite3_file* below(sqlite3_file* file) {
    return layer(file)->below();
}
FaultyVfs* owner(sqlite3_vfs* vfs) {
    return static_cast<FaultyVfs*>(vfs->pAppData);
}

int close_file(sqlite3_file* file) {
    return below(file)->pMethods->xClose(below(file));
}
int read_file(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
    return below(file)->pMethods->xRead(below(file), into, size, offset);
}
int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    if (const int code = layer(file)->owner->before_operation(); code != SQLITE_OK) return code;
    layer(file)->owner->count_bytes(static_cast<std::uint64_t>(size));
    return below(file)->pMethods->xWrite(below(file), data, size, offset);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    if (const int code = layer(file)->owner->before_operation(); code != SQLITE_OK) return code;
    return below(file)->pMethods->xTruncate(below(file), size);
}
int sync_file(sqlite3_file* file, int flags) {
    if (const int code = layer(file)->owner->before_operation(); code != SQLITE_OK) return code;
    layer(file)->owner->count_sync();
    return below(file)->pMethods->xSync(below(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return below(file)->pMethods->xFileSize(below(file), size);
}
int lock_file(sqlite3_file* file, int level) {
    return below(file)->pMethods->xLock(below(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
    return below(file)->pMethods->xUnlock(below(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* reserved) {
    return below(file)->pMethods->xCheckReservedLock(below(file), reserved);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
    return below(file)->pMethods->xFileControl(below(file), operation, argument);
}
int sector_size(sqlite3_file* file) {
    return below(file)->pMethods->xSectorSize(below(file));
}
int device_characteristics(sqlite3_file* file) {
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
    return below(file)->pMethods->xShmMap(below(file), page, size, extend, memory);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return below(file)->pMethods->xShmLock(below(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) {
    below(file)->pMethods->xShmBarrier(below(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
    return below(file)->pMethods->xShmUnmap(below(file), remove);
}

const sqlite3_io_methods layer_methods = {2,
                                          close_file,
                                          read_file,
                                          write_file,
                                          truncate_file,
                                          sync_file,
                                          file_size,
                                          lock_file,
                                          unlock_file,
                                          check_reserved_lock,
                                          file_control,
                                          sector_size,
                                          device_characteristics,
                                          shm_map,
                                          shm_lock,
                                          shm_barrier,
                                          shm_unmap,
                                          nullptr,
                                          nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
    file->pMethods = nullptr;
    auto* under = owner(vfs)->below();
    int there = 0;
    if (name != nullptr) under->xAccess(under, name, SQLITE_ACCESS_EXISTS, &there);
    if (const int code = owner(vfs)->before_opening(there != 0); code != SQLITE_OK) return code;
    layer(file)->owner = owner(vfs);
    const int code = under->xOpen(under, name, below(file), flags, flags_out);
    if (code == SQLITE_OK) file->pMethods = &layer_methods;
    return code;
}
int delete_file(sqlite3_vfs* vfs, const char* name, int sync) {
    if (const int code = owner(vfs)->before_operation(); code != SQLITE_OK) return code;
    auto* under = owner(vfs)->below();
    return under->xDelete(under, name, sync);
}

}  // namespace

FaultyVfs::FaultyVfs() : below_(sqlite3_vfs_find(nullptr)), layer_(new sqlite3_vfs(*below_)) {
    layer_->zName = "faulty";
    layer_->szOsFile = static_cast<int>(sizeof(LayerFile)) + below_->szOsFile;
    layer_->pNext = nullptr;
    layer_->pAppData = this;
    layer_->xOpen = open_file;
    layer_->xDelete = delete_file;
    sqlite3_vfs_register(layer_, 1);
}

FaultyVfs::~FaultyVfs() {
    sqlite3_vfs_unregister(layer_);
    sqlite3_vfs_register(below_, 1);
    delete layer_;
}

void FaultyVfs::fail_nth(std::int64_t n, int code) {
    struck_ = false;
    code_ = code;
    left_ = n;
}

void FaultyVfs::fail_all(int code) {
    code_ = code;
    all_ = true;
}

void FaultyVfs::fail_writes(int code) {
    code_ = code;
    writes_ = true;
}

void FaultyVfs::heal() {
    left_ = 0;
    all_ = false;
    writes_ = false;
}

int FaultyVfs::before_opening(bool there) {
    return writes_ && there ? SQLITE_OK : before_operation();
}

int FaultyVfs::before_operation() {
    if (all_ || writes_) {
        ++failed_;
        return code_;
    }
    if (left_ <= 0 || --left_ > 0) return 0;
    struck_ = true;
    return code_;
}

}  // namespace sitepower::support
