/* The version of these headers; thane_version() and thane::version() tell that of the library linked. */
#ifndef THANE_VERSION_H_
#define THANE_VERSION_H_

#define THANE_VERSION_MAJOR 0
#define THANE_VERSION_MINOR 1
#define THANE_VERSION_PATCH 0
#define THANE_VERSION "0.1.0"

/* On everything a program may call. */
#if defined(__GNUC__)
#define THANE_API __attribute__((visibility("default")))
#else
#define THANE_API
#endif

#endif
