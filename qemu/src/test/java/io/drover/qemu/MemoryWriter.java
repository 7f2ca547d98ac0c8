package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.model.ByteSize;
import io.drover.model.GuestDefinition;
import io.drover.model.GuestName;
import io.drover.model.GuestState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/**
 * A guest of a few machine instructions: it increments the first byte of every page of a range, in
 * order and without end. So at any moment neighbouring pages hold the same value, but for one place
 * where it falls by one, and everything else is zero: any page that was lost, or is from another
 * moment, shows.
 */
final class MemoryWriter {
  static final int MEMORY_MEBIBYTES = 64;
  private static final int PAGE = 4096;
  private static final int LOAD = 0x100000;
  private static final int START = 2 << 20;
  private static final int END = 44 << 20;

  private MemoryWriter() {}

  /** A multiboot image; the pause is a number of idle loops after each page. */
  static Path image(Path directory, int pause) throws IOException {
    ByteBuffer code = header();
    code.put((byte) 0xBF).putInt(START); // mov edi, START
    code.put((byte) 0xFE).put((byte) 0x07); // inc byte [edi]
    code.put((byte) 0xB9).putInt(pause); // mov ecx, pause
    code.put((byte) 0xE2).put((byte) 0xFE); // loop self
    code.put((byte) 0x81).put((byte) 0xC7).putInt(PAGE); // add edi, PAGE
    code.put((byte) 0x81).put((byte) 0xFF).putInt(END); // cmp edi, END
    code.put((byte) 0x72).put((byte) -23); // jb the inc
    code.put((byte) 0xEB).put((byte) -30); // jmp the first mov
    return write(directory.resolve("writer-" + pause), code);
  }

  /** Waits a little, then switches the machine off through ACPI. */
  static Path imageThatPowersOff(Path directory) throws IOException {
    ByteBuffer code = header();
    code.put((byte) 0xB9).putInt(600_000_000); // mov ecx
    code.put((byte) 0xE2).put((byte) 0xFE); // loop self
    code.put((byte) 0x66).put((byte) 0xBA).putShort((short) 0x604); // mov dx, PM1a control
    code.put((byte) 0x66).put((byte) 0xB8).putShort((short) 0x2000); // mov ax, sleep enable
    code.put((byte) 0x66).put((byte) 0xEF); // out dx, ax
    code.put((byte) 0xEB).put((byte) 0xFE); // jmp self
    return write(directory.resolve("power-off"), code);
  }

  private static ByteBuffer header() {
    int magic = 0x1BADB002;
    int flags = 0x00010000;
    return ByteBuffer.allocate(256)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(magic)
        .putInt(flags)
        .putInt(-(magic + flags))
        .putInt(LOAD)
        .putInt(LOAD)
        .putInt(0)
        .putInt(0)
        .putInt(LOAD + 32);
  }

  private static Path write(Path file, ByteBuffer code) throws IOException {
    byte[] image = new byte[code.capacity()];
    code.clear().get(image);
    return Files.write(file, image);
  }

  static GuestDefinition guest(String name, Path image) {
    return new GuestDefinition(
        new GuestName(name),
        UUID.nameUUIDFromBytes(image.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8))
            .toString(),
        ByteSize.ofMebibytes(MEMORY_MEBIBYTES),
        1,
        "pc-i440fx-7.2",
        "qemu64",
        Optional.of(image.toString()),
        Optional.empty(),
        "",
        List.of(),
        Optional.empty(),
        Optional.empty());
  }

  /** Starts a guest and waits until it has written every page once, so that none is zero. */
  static QemuGuest start(RealQemu real, String host, int pause) throws Exception {
    QemuGuest guest = real.start(host, guest("writer", image(real.directory, pause)));
    for (int i = 0; i < 400; i++) {
      guest.pause();
      boolean written = dump(guest, real.directory, END - PAGE, PAGE)[0] != 0;
      guest.resume();
      if (written) {
        return guest;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("the guest did not write its memory");
  }

  /** Checks that the guest's memory is right, and goes on changing. */
  static void verifyRuns(QemuGuest guest, Path directory) throws Exception {
    assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
    int before = verify(guest, directory);
    for (int i = 0; i < 200; i++) {
      Thread.sleep(50);
      if (verify(guest, directory) != before) {
        return;
      }
    }
    throw new AssertionError("the guest does nothing");
  }

  /** Pauses the guest, checks all of its memory and lets it go on; returns the first value. */
  static int verify(QemuGuest guest, Path directory) throws IOException {
    guest.pause();
    int value = verifyPaused(guest, directory);
    guest.resume();
    return value;
  }

  static int verifyPaused(QemuGuest guest, Path directory) throws IOException {
    byte[] memory = dump(guest, directory, START, END - START);
    check(memory);
    return memory[0] & 0xFF;
  }

  private static byte[] dump(QemuGuest guest, Path directory, int from, int size)
      throws IOException {
    Path dump = Files.createTempFile(directory, "memory", ".bin");
    try {
      ObjectNode arguments = Qmp.object();
      arguments.put("val", from).put("size", size).put("filename", dump.toString());
      guest.control().run("pmemsave", arguments);
      byte[] memory = Files.readAllBytes(dump);
      assertThat(memory).hasSize(size);
      return memory;
    } finally {
      Files.delete(dump);
    }
  }

  private static void check(byte[] memory) {
    int falls = 0;
    for (int at = 0; at < memory.length; at++) {
      if (at % PAGE != 0) {
        if (memory[at] != 0) {
          throw new AssertionError("byte %#x should be zero, is %d".formatted(at, memory[at]));
        }
      } else if (at > 0 && memory[at] != memory[at - PAGE]) {
        falls++;
        int step = (memory[at - PAGE] - memory[at]) & 0xFF;
        if (step != 1 || falls > 1) {
          throw new AssertionError(
              "page %d holds %d after %d, fall number %d"
                  .formatted(at / PAGE, memory[at], memory[at - PAGE], falls));
        }
      }
    }
  }
}
