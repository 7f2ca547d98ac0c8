package io.drover.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The programs that stock ways of moving need: those of the machine, or those that {@code
 * packaging/install-dependencies --bench} unpacked beside it. Nothing of them is installed and
 * nothing is started except on a lab's hosts.
 *
 * @param folders where the machine's programs are
 * @param tree where packages were unpacked, whether it is there or not
 */
record StockPrograms(List<Path> folders, Path tree) {
  static final String REMEDY = "install it with 'packaging/install-dependencies --bench'";

  StockPrograms {
    folders = List.copyOf(folders);
  }

  static StockPrograms ofMachine() {
    List<Path> folders = new ArrayList<>();
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (!folder.isEmpty()) {
        folders.add(Path.of(folder));
      }
    }
    folders.addAll(List.of(Path.of("/usr/sbin"), Path.of("/usr/bin")));
    return new StockPrograms(folders, treeIn(System.getenv()));
  }

  private static Path treeIn(Map<String, String> environment) {
    return GuestImageBuilder.defaultCache(environment).resolve("stock");
  }

  /** Which of these are nowhere; several names of one program are separated by a bar. */
  List<String> missing(List<String> programs) {
    return programs.stream().filter(names -> !has(names)).toList();
  }

  /** Why nothing that needs these can run on this machine, in a sentence; nothing when it can. */
  Optional<String> absence(List<String> programs) {
    List<String> missing = missing(programs).stream().map(StockPrograms::firstName).toList();
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "there is no %s on this machine; %s"
                .formatted(String.join(" and no ", missing), REMEDY));
  }

  private static String firstName(String names) {
    return names.split("\\|", 2)[0];
  }

  private boolean has(String names) {
    for (String name : names.split("\\|", 0)) {
      for (Path folder : folders) {
        if (Files.isExecutable(folder.resolve(name))) {
          return true;
        }
      }
      for (String folder : List.of("usr/bin", "usr/sbin")) {
        if (Files.isExecutable(tree.resolve(folder).resolve(name))) {
          return true;
        }
      }
    }
    return false;
  }

  /** The command that runs a tool on a lab's host, in a mount namespace of its own. */
  List<String> command(String tool, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "-m",
                "--propagation",
                "private",
                "sh",
                "-c",
                script(),
                "stock-host",
                Files.isDirectory(tree) ? tree.toString() : "",
                tool));
    command.addAll(List.of(arguments));
    return command;
  }

  private static String script() {
    try (InputStream in = StockPrograms.class.getResourceAsStream("stock-host.sh")) {
      return new String(
          Objects.requireNonNull(in, "stock-host.sh").readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
