// New store and instance, a call of `touch`, and the end of both, as often as asked: seconds for one. Declares what it
// needs of Wasmtime's C API itself, since the PyPI package has the library and no headers.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef struct {
  uint64_t store_id;
  size_t private_index;
} instance_t;

typedef struct {
  uint64_t store_id;
  void *private_pointer;
} func_t;

typedef struct {
  uint8_t kind;
  union {
    func_t func;
    uint64_t room[8];
  } of;
} extern_t;

extern void *wasmtime_store_new(void *engine, void *data, void (*finalizer)(void *));
extern void *wasmtime_store_context(void *store);
extern void wasmtime_store_delete(void *store);
extern void *wasmtime_context_set_fuel(void *context, uint64_t fuel);
extern void *wasmtime_instance_pre_instantiate(const void *pre, void *context, instance_t *instance, void **trap);
extern bool wasmtime_instance_export_get(void *context, const instance_t *, const char *, size_t, extern_t *);
extern void *wasmtime_func_call(void *context, const func_t *, const void *, size_t, void *, size_t, void **trap);

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// Negative where a step failed.
double run(void *engine, const void *pre, int times) {
  double started = now();
  for (int index = 0; index < times; index++) {
    void *store = wasmtime_store_new(engine, NULL, NULL);
    void *context = wasmtime_store_context(store);
    instance_t instance;
    extern_t touch;
    void *trap = NULL;
    if (wasmtime_context_set_fuel(context, 1000000) != NULL) return -1;
    if (wasmtime_instance_pre_instantiate(pre, context, &instance, &trap) != NULL || trap != NULL) return -2;
    if (!wasmtime_instance_export_get(context, &instance, "touch", 5, &touch)) return -3;
    if (wasmtime_func_call(context, &touch.of.func, NULL, 0, NULL, 0, &trap) != NULL || trap != NULL) return -4;
    wasmtime_store_delete(store);
  }
  return (now() - started) / times;
}
