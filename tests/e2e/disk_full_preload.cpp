// A full disk, for LD_PRELOAD: while a folder holds a file named "disk-full", no file in it grows.
//
// What a file has already stays writable, as on a real disk.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

namespace {

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool full(int file) {
  std::array<char, 4096> path;
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const auto length = ::readlink(link.c_str(), path.data(), path.size());
  if (length <= 0) return false;
  const std::string name(path.data(), static_cast<std::size_t>(length));
  const auto slash = name.rfind('/');
  if (slash == std::string::npos) return false;
  return ::access((name.substr(0, slash) + "/disk-full").c_str(), F_OK) == 0;
}

// Whether a write up to `end` must fail; errno says so then.
bool refuses(int file, std::uint64_t end) {
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if (end <= static_cast<std::uint64_t>(status.st_size) || !full(file)) return false;
  errno = ENOSPC;
  return true;
}

std::uint64_t behind(off_t offset, std::size_t count) {
  return static_cast<std::uint64_t>(offset) + count;
}

}  // namespace

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  static const auto real = next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return refuses(file, behind(offset, count)) ? -1 : real(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t offset) {
  return pwrite(file, bytes, count, offset);
}

ssize_t write(int file, const void* bytes, size_t count) {
  static const auto real = next<ssize_t(int, const void*, size_t)>("write");
  const off_t offset = ::lseek(file, 0, SEEK_CUR);
  if (offset >= 0 && refuses(file, behind(offset, count))) return -1;
  return real(file, bytes, count);
}

int ftruncate(int file, off_t length) {
  static const auto real = next<int(int, off_t)>("ftruncate");
  return refuses(file, behind(length, 0)) ? -1 : real(file, length);
}

int ftruncate64(int file, off64_t length) {
  return ftruncate(file, length);
}

int fallocate(int file, int mode, off_t offset, off_t length) {
  static const auto real = next<int(int, int, off_t, off_t)>("fallocate");
  const bool no = refuses(file, behind(offset, static_cast<std::size_t>(length)));
  return no ? -1 : real(file, mode, offset, length);
}

int fallocate64(int file, int mode, off64_t offset, off64_t length) {
  return fallocate(file, mode, offset, length);
}

int posix_fallocate(int file, off_t offset, off_t length) {
  static const auto real = next<int(int, off_t, off_t)>("posix_fallocate");
  const bool no = refuses(file, behind(offset, static_cast<std::size_t>(length)));
  return no ? ENOSPC : real(file, offset, length);
}

int posix_fallocate64(int file, off64_t offset, off64_t length) {
  return posix_fallocate(file, offset, length);
}

}  // extern "C"
