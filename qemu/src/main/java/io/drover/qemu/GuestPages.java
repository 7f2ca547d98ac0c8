package io.drover.qemu;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ObjectNode;

/** Reads single pages of a guest that stands still, by the names that QEMU's stream uses. */
final class GuestPages implements StreamReplay.PageSource {
  // "  0000000000100000-0000000003ffffff (prio 0, ram): pc.ram @0000000000100000 KVM"
  private static final Pattern RANGE =
      Pattern.compile(
          "^ *([0-9a-f]{16})-([0-9a-f]{16}) \\(prio -?[0-9]+, (?:ram|rom|romd)\\): "
              + "(\\S+)(?: @([0-9a-f]{16}))?.*$");

  private record Range(long first, long last, String block, long offset) {}

  private final QemuGuest guest;
  private final List<Range> ranges;

  GuestPages(QemuGuest guest) {
    this.guest = guest;
    this.ranges = parse(guest.askMonitor("info mtree -f"));
  }

  private static List<Range> parse(String tree) {
    List<Range> ranges = new ArrayList<>();
    for (String line : tree.lines().toList()) {
      Matcher matcher = RANGE.matcher(line);
      if (matcher.matches()) {
        String offset = Optional.ofNullable(matcher.group(4)).orElse("0");
        ranges.add(
            new Range(
                Long.parseUnsignedLong(matcher.group(1), 16),
                Long.parseUnsignedLong(matcher.group(2), 16),
                matcher.group(3),
                Long.parseUnsignedLong(offset, 16)));
      }
    }
    return ranges;
  }

  @Override
  public byte[] read(String block, long offset, int length) {
    for (Range range : ranges) {
      long into = offset - range.offset();
      if (range.block().equals(block)
          && into >= 0
          && range.first() + into + length - 1 <= range.last()) {
        return dump(range.first() + into, length);
      }
    }
    throw Problem.migration(
            "page-unreadable",
            "The page at %#x of the guest's memory '%s' cannot be read from outside"
                .formatted(offset, block),
            "The guest cannot be rebuilt at the target; its memory is still at the source.")
        .asException();
  }

  private byte[] dump(long address, int length) {
    Path file = guest.scratchFile();
    ObjectNode arguments = Qmp.object();
    arguments.put("val", address).put("size", length).put("filename", file.toString());
    try {
      Object _ = guest.control().run("pmemsave", arguments);
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw Problem.host(
              "page-unreadable",
              "A page of the guest cannot be read: " + e.getMessage(),
              "Check that the run directory has space.")
          .asException(e);
    } finally {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        // Goes with the directory.
      }
    }
  }
}
