package io.drover.linux;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The few calls of the C library that the bindings need. Each answers the call's result, or minus
 * errno. They are safe as long as the segments outlive the call, which they do: nothing here keeps
 * one.
 */
final class LibC {
  static final int O_RDWR = 2;
  static final int O_NONBLOCK = 0x800;
  static final int O_CLOEXEC = 0x80000;
  static final int EAGAIN = 11;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final AddressLayout POINTER = ValueLayout.ADDRESS;
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  // open and ioctl are variadic: the linker has to know which argument is the first of those.
  private static final MethodHandle OPEN =
      bind(
          "open", FunctionDescriptor.of(INT, POINTER, INT, INT), Linker.Option.firstVariadicArg(2));
  private static final MethodHandle IOCTL =
      bind(
          "ioctl",
          FunctionDescriptor.of(INT, INT, LONG, POINTER),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle READ =
      bind("read", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
  private static final MethodHandle WRITE =
      bind("write", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
  private static final MethodHandle POLL =
      bind("poll", FunctionDescriptor.of(INT, POINTER, LONG, INT));
  private static final MethodHandle CLOSE = bind("close", FunctionDescriptor.of(INT, INT));
  private static final MethodHandle SOCKET =
      bind("socket", FunctionDescriptor.of(INT, INT, INT, INT));
  private static final MethodHandle BIND =
      bind("bind", FunctionDescriptor.of(INT, INT, POINTER, INT));
  private static final MethodHandle SETSOCKOPT =
      bind("setsockopt", FunctionDescriptor.of(INT, INT, INT, INT, POINTER, INT));
  private static final MethodHandle SETNS = bind("setns", FunctionDescriptor.of(INT, INT, INT));
  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("strerror"), FunctionDescriptor.of(POINTER, INT));

  private LibC() {}

  static int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return result((int) OPEN.invokeExact(state, arena.allocateFrom(path), flags, 0), state);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  static int ioctl(int descriptor, long request, MemorySegment argument) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return result((int) IOCTL.invokeExact(state, descriptor, request, argument), state);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  static long read(int descriptor, MemorySegment into) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long count = (long) READ.invokeExact(state, descriptor, into, into.byteSize());
      return count < 0 ? -errno(state) : count;
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  static long write(int descriptor, MemorySegment from) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long count = (long) WRITE.invokeExact(state, descriptor, from, from.byteSize());
      return count < 0 ? -errno(state) : count;
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Waits until there is something to read. */
  static boolean readable(int descriptor, int timeoutMillis) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment entry = arena.allocate(8, 4); // struct pollfd: int fd; short events, revents
      entry.set(INT, 0, descriptor);
      entry.set(ValueLayout.JAVA_SHORT, 4, (short) 1); // POLLIN
      return (int) POLL.invokeExact(state, entry, 1L, timeoutMillis) > 0;
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  static int socket(int domain, int type, int protocol) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return result((int) SOCKET.invokeExact(state, domain, type, protocol), state);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  static int bind(int descriptor, MemorySegment address) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int length = Math.toIntExact(address.byteSize());
      return result((int) BIND.invokeExact(state, descriptor, address, length), state);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  static int setIntOption(int descriptor, int level, int option, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment number = arena.allocateFrom(INT, value);
      int length = Math.toIntExact(INT.byteSize());
      return result(
          (int) SETSOCKOPT.invokeExact(state, descriptor, level, option, number, length), state);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  /** Moves the calling thread, which must be a platform thread, into a namespace. */
  static int setns(int descriptor, int kind) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return result((int) SETNS.invokeExact(state, descriptor, kind), state);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  static void close(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      int ignored = (int) CLOSE.invokeExact(arena.allocate(STATE), descriptor);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  static String reason(int errno) {
    try {
      // strerror answers a string that the library keeps; it is copied at once.
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return text.reinterpret(256).getString(0);
    } catch (Throwable failure) {
      throw impossible(failure);
    }
  }

  private static int result(int value, MemorySegment state) {
    return value < 0 ? -errno(state) : value;
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  private static MethodHandle bind(String name, FunctionDescriptor form, Linker.Option... options) {
    Linker.Option[] all = new Linker.Option[options.length + 1];
    all[0] = Linker.Option.captureCallState("errno");
    System.arraycopy(options, 0, all, 1, options.length);
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), form, all);
  }

  private static IllegalStateException impossible(Throwable failure) {
    return new IllegalStateException("a call of the C library could not be made", failure);
  }
}
