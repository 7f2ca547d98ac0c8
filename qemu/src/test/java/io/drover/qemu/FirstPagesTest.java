package io.drover.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import io.drover.migration.MemoryRange;
import io.drover.model.Problem;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FirstPagesTest {
  private static final long MEBIBYTE = 1 << 20;
  private static final long MEMORY = 512 * MEBIBYTE;

  // As a Linux guest's QEMU 10.0 said it.
  private final Map<String, String> answers =
      new HashMap<>(
          Map.of(
              "info registers",
              """
              CPU#0
              RAX=ffffffffb7a178a0 RBX=0000000000000000
              GDT=     fffffe0000001000 0000007f
              IDT=     fffffe0000000000 00000fff
              """,
              "x /2gx 0xfffffe00000000e0",
              "fffffe00000000e0: 0xb7c08e0000100be0 0x00000000ffffffff\r\n",
              "gva2gpa 0xffffffffb7c00be0",
              "gpa: 0x12000be0\r\n",
              "gpa2hva 0x12000be0",
              "Host virtual address for 0x12000be0 (pc.ram) is 0x7fbafde00be0\r\n",
              "gpa2hva 0x0",
              "Host virtual address for 0x0 (pc.ram) is 0x7fbaebe00000\r\n"));

  @Test
  void findsTheKernelAroundItsHandlerOfPageFaults() {
    assertThat(find())
        .containsExactly(
            new MemoryRange(0, MEBIBYTE),
            new MemoryRange((288 - 14) * MEBIBYTE, 40 * MEBIBYTE),
            new MemoryRange((512 - 4 - 8 - 4 - 1) * MEBIBYTE, 5 * MEBIBYTE),
            new MemoryRange((512 - 4) * MEBIBYTE, 4 * MEBIBYTE),
            new MemoryRange(16 * MEBIBYTE, 26 * MEBIBYTE));
  }

  @Test
  void neverOverlapsTheEnds() {
    answers.put("gpa2hva 0x12000be0", hva("pc.ram", 0x7fbaebe00000L + 50 * MEBIBYTE));
    assertThat(find().get(1)).isEqualTo(new MemoryRange(42 * MEBIBYTE, 34 * MEBIBYTE));
    answers.put("gpa2hva 0x12000be0", hva("pc.ram", 0x7fbaebe00000L + 480 * MEBIBYTE));
    assertThat(find().get(1)).isEqualTo(new MemoryRange(466 * MEBIBYTE, 29 * MEBIBYTE));
  }

  @Test
  void makesDoWithTheEndsWhereNoKernelIsFound() {
    for (String question : answers.keySet().toArray(String[]::new)) {
      String usual = answers.put(question, "unmapped\r\n");
      assertThat(find()).as(question).hasSize(4);
      answers.put(question, usual);
    }
    answers.put("gpa2hva 0x12000be0", hva("pc.bios", 0x7fbafde00be0L));
    assertThat(find()).hasSize(4);
    answers.remove("info registers");
    assertThat(find()).hasSize(4);
  }

  @Test
  void aSmallMemoryIsNeededAsAWhole() {
    assertThat(new FirstPages(this::answer, 32 * MEBIBYTE).find())
        .containsExactly(new MemoryRange(0, 32 * MEBIBYTE));
  }

  private List<MemoryRange> find() {
    return new FirstPages(this::answer, MEMORY).find();
  }

  private String answer(String question) {
    String answer = answers.get(question);
    if (answer == null) {
      throw Problem.host("no-answer", "QEMU does not answer", "").asException();
    }
    return answer;
  }

  private static String hva(String block, long address) {
    return "Host virtual address for 0x12000be0 (%s) is 0x%x\r\n".formatted(block, address);
  }
}
