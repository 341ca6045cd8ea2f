/* The version of thane's headers. thane_version() in thane.h tells that of the library linked. */
#ifndef THANE_VERSION_H_
#define THANE_VERSION_H_

#define THANE_VERSION_MAJOR 0
#define THANE_VERSION_MINOR 1
#define THANE_VERSION_PATCH 0
#define THANE_VERSION "0.1.0"

#endif
