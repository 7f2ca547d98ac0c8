package io.drover.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code drover man DIR}: for whoever packages Drover. */
@Command(
    name = "man",
    hidden = true,
    description = "Write the manual pages, one for each verb, to a directory.")
final class ManVerb implements Callable<Integer> {
  private final Supplier<CommandLine> whole;

  @Parameters(paramLabel = "DIR", description = "Where to write them; made if missing.")
  private Path directory = Path.of(".");

  ManVerb(Supplier<CommandLine> whole) {
    this.whole = whole;
  }

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(directory);
    for (Map.Entry<String, String> page : ManualPages.of(whole.get()).entrySet()) {
      Files.writeString(directory.resolve(page.getKey()), page.getValue());
    }
    return 0;
  }
}
