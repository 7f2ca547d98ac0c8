package io.drover.linux;

import io.drover.model.Problem;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/** Makes named pipes, which the JDK can open but not create. */
public final class NamedPipe {
  private static final int OWNER_ONLY = 0600;
  private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURED.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  // mode_t is an unsigned int on every Linux that the JDK runs on.
  private static final MethodHandle MKFIFO =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("mkfifo"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
              Linker.Option.captureCallState("errno"));

  private NamedPipe() {}

  /** Creates a pipe that only its owner may open; the path must not exist yet. */
  public static void create(Path path) {
    // Safe: both segments live until the arena closes, after the call; mkfifo keeps no pointer.
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      int result = (int) MKFIFO.invokeExact(state, arena.allocateFrom(path.toString()), OWNER_ONLY);
      if (result != 0) {
        int errno = (int) ERRNO.get(state, 0L);
        throw Problem.host(
                "named-pipe",
                "The named pipe %s cannot be made (errno %d)".formatted(path, errno),
                "Check that the directory exists, is writable and has space.")
            .asException();
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("mkfifo failed to be called", e);
    }
  }
}
