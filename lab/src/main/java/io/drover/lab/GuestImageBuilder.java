package io.drover.lab;

import io.drover.model.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Builds the guest image on this machine from Debian's cloud kernel, busybox and the workloads,
 * once for each combination of their versions. Nothing is installed: the kernel's package is
 * unpacked.
 *
 * <p>A build happens in a temporary folder that gets its name when it is whole, under a lock, so
 * that two builders do not get in each other's way and a crashed build leaves no broken image.
 */
final class GuestImageBuilder {
  /** In the order in which they have to be loaded. */
  static final List<String> MODULES =
      List.of(
          "virtio_ring",
          "virtio",
          "virtio_pci_legacy_dev",
          "virtio_pci_modern_dev",
          "virtio_pci",
          "failover",
          "net_failover",
          "virtio_net",
          "virtio_blk");

  private static final String KERNEL_PACKAGE = "linux-image-cloud-amd64";

  /** Drover's own, compiled on this machine. */
  private static final List<String> LOADS =
      List.of("memload", "diskload", "faultprobe", "netserve");

  /** The same for a guest's clients, outside of it. */
  private static final List<String> CLIENTS = List.of("netprobe");

  private static final String HEADER = "net.h";

  private static final List<String> TOOLS = List.of("stress", "stress-ng");
  private static final Pattern LIBRARY = Pattern.compile("(/[^\\s:]+)");
  private static final Duration DOWNLOAD_PATIENCE = Duration.ofMinutes(5);

  private final Path cache;
  private final Consumer<String> progress;

  GuestImageBuilder(Path cache, Consumer<String> progress) {
    this.cache = cache;
    this.progress = progress;
  }

  /** DROVER_CACHE, or a folder below the person's own cache. */
  static Path defaultCache(Map<String, String> environment) {
    String chosen = environment.getOrDefault("DROVER_CACHE", "");
    if (!chosen.isEmpty()) {
      return Path.of(chosen).toAbsolutePath();
    }
    return Path.of(environment.getOrDefault("HOME", "/root"), ".cache", "drover");
  }

  /** Answers the image, building it where it is not there yet. */
  GuestImage image() {
    try {
      Path folder = cache.resolve("guest-" + key());
      if (isWhole(folder)) {
        return new GuestImage(folder);
      }
      Files.createDirectories(cache);
      try (FileChannel channel =
              FileChannel.open(
                  cache.resolve(".guest-image.lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          var lock = channel.lock()) {
        Objects.requireNonNull(lock);
        if (!isWhole(folder)) {
          build(folder);
        }
      }
      return new GuestImage(folder);
    } catch (IOException failure) {
      throw Problem.host(
              "guest-image",
              "The guest image cannot be built in %s (%s)".formatted(cache, failure.getMessage()),
              "Free some space there, or set DROVER_CACHE to another folder.")
          .asException(failure);
    }
  }

  private static boolean isWhole(Path folder) {
    return Files.isDirectory(folder);
  }

  private void build(Path folder) throws IOException {
    for (String program : List.of("busybox", "gcc", "cpio", "dpkg", "apt-get")) {
      Programs.require(program);
    }
    Path work = Files.createTempDirectory(cache, ".guest-");
    try {
      progress.accept("fetching Debian's cloud kernel");
      Path kernelTree = unpackKernel(work);
      progress.accept("building the guest image");
      Path result = Files.createDirectory(work.resolve("result"));
      Files.copy(onlyFile(kernelTree.resolve("boot"), "vmlinuz-"), result.resolve("vmlinuz"));
      for (String client : CLIENTS) {
        compile(work, client, result);
      }
      Path root = baseTree(work, kernelTree.resolve("lib/modules"));
      Path base = result.resolve("initrd.img");
      pack(root, base);
      for (String tool : TOOLS) {
        Optional<Path> program = Programs.find(tool);
        if (program.isPresent()) {
          addTool(work, base, result, tool, program.get());
        }
      }
      Files.move(result, folder, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      deleteTree(work);
    }
  }

  private Path unpackKernel(Path work) throws IOException {
    String depends = Programs.run(List.of("apt-cache", "depends", KERNEL_PACKAGE));
    Matcher matcher = Pattern.compile("Depends: (linux-image-\\S+)").matcher(depends);
    if (!matcher.find()) {
      throw Problem.host(
              "no-kernel-package",
              "apt knows no kernel behind " + KERNEL_PACKAGE,
              "Run 'apt-get update' on a Debian 12 or later for amd64.")
          .asException();
    }
    Path packages = Files.createDirectory(work.resolve("packages"));
    Programs.Result download =
        Programs.attempt(
            List.of(
                "sh",
                "-c",
                "cd \"$1\" && apt-get -q download \"$2\"",
                "download",
                packages.toString(),
                matcher.group(1)),
            "",
            DOWNLOAD_PATIENCE);
    if (!download.succeeded()) {
      throw Problem.host(
              "no-kernel-package",
              "The package %s cannot be fetched: %s"
                  .formatted(matcher.group(1), download.output().strip()),
              "Check the network and run 'apt-get update'.")
          .asException();
    }
    Path tree = work.resolve("kernel");
    Programs.run(
        List.of("dpkg", "-x", onlyFile(packages, "linux-image-").toString(), tree.toString()));
    return tree;
  }

  private Path baseTree(Path work, Path modules) throws IOException {
    Path root = Files.createDirectory(work.resolve("root"));
    Path bin = Files.createDirectory(root.resolve("bin"));
    Files.copy(Programs.require("busybox"), bin.resolve("busybox"));
    for (String load : LOADS) {
      compile(work, load, bin);
    }
    Path init = root.resolve("init");
    Files.write(init, resource("guest-init.sh"));
    Files.setPosixFilePermissions(init, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path target = Files.createDirectory(root.resolve("modules"));
    StringBuilder order = new StringBuilder();
    for (String module : MODULES) {
      if (copyModule(modules, module, target)) {
        order.append(module).append('\n');
      }
    }
    Files.writeString(target.resolve("order"), order);
    return root;
  }

  private static void compile(Path work, String program, Path into) throws IOException {
    Path source = work.resolve(program + ".c");
    Files.write(source, resource(program + ".c"));
    Files.write(work.resolve(HEADER), resource(HEADER));
    Programs.run(
        List.of(
            "gcc",
            "-O2",
            "-Wall",
            "-static",
            "-o",
            into.resolve(program).toString(),
            source.toString(),
            "-lm"));
  }

  /** A module that is not there as a file is built into the kernel. */
  private static boolean copyModule(Path modules, String module, Path target) throws IOException {
    Optional<Path> found;
    try (Stream<Path> files = Files.walk(modules)) {
      found =
          files
              .filter(
                  file -> file.getFileName().toString().matches(module + "\\.ko(\\.xz|\\.zst)?"))
              .findFirst();
    }
    if (found.isEmpty()) {
      return false;
    }
    String name = found.get().getFileName().toString();
    Path copy = target.resolve(name);
    Files.copy(found.get(), copy);
    if (name.endsWith(".xz")) {
      Programs.run(List.of("xz", "-d", copy.toString()));
    } else if (name.endsWith(".zst")) {
      Programs.run(List.of("zstd", "-q", "-d", "--rm", copy.toString()));
    }
    return true;
  }

  /** The kernel unpacks archives that stand one after the other, so the tools come on top. */
  private static void addTool(Path work, Path base, Path result, String tool, Path program)
      throws IOException {
    Path root = Files.createDirectory(work.resolve("root-" + tool));
    Set<String> files = new LinkedHashSet<>();
    files.add(program.toString());
    Matcher libraries = LIBRARY.matcher(Programs.run(List.of("ldd", program.toString())));
    while (libraries.find()) {
      files.add(libraries.group(1));
    }
    for (String file : files) {
      Path from = Path.of(file);
      Path to = file.equals(program.toString()) ? root.resolve("bin/" + tool) : within(root, from);
      Files.createDirectories(to.getParent());
      Files.copy(from.toRealPath(), to, StandardCopyOption.REPLACE_EXISTING);
    }
    Path tools = work.resolve(tool + ".cpio");
    pack(root, tools);
    Path whole = result.resolve("initrd-" + tool + ".img");
    Files.copy(base, whole);
    Files.write(whole, Files.readAllBytes(tools), StandardOpenOption.APPEND);
  }

  private static Path within(Path root, Path absolute) {
    return root.resolve(absolute.toString().substring(1));
  }

  private static void pack(Path root, Path archive) {
    Programs.run(
        List.of(
            "sh",
            "-c",
            "cd \"$1\" && find . | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 > \"$2\"",
            "pack",
            root.toString(),
            archive.toString()));
  }

  private static Path onlyFile(Path folder, String prefix) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .findFirst()
          .orElseThrow(() -> new IOException("no %s* in %s".formatted(prefix, folder)));
    }
  }

  /** Everything that goes into the image and could change. */
  private static String key() throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has SHA-256", impossible);
    }
    for (String program : Stream.concat(LOADS.stream(), CLIENTS.stream()).toList()) {
      digest.update(resource(program + ".c"));
    }
    digest.update(resource(HEADER));
    digest.update(resource("guest-init.sh"));
    for (String program : Stream.concat(Stream.of("busybox"), TOOLS.stream()).toList()) {
      Optional<Path> path = Programs.find(program);
      String version =
          path.isPresent()
              ? Files.size(path.get()) + " " + Files.getLastModifiedTime(path.get()).toMillis()
              : "none";
      digest.update((program + " " + version + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }

  private static byte[] resource(String name) {
    try (InputStream in = GuestImageBuilder.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  static void deleteTree(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(
              Path directory, @org.jspecify.annotations.Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
