package io.drover.lab;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Which build of Drover this is: numbers of another one are other numbers. */
final class DroverBuild {
  private static final Pattern JAR = Pattern.compile("drover-.*\\.jar");

  private DroverBuild() {}

  /** The version, and what distinguishes builds of the same version. */
  static String describe() {
    String version =
        Optional.ofNullable(DroverBuild.class.getPackage().getImplementationVersion())
            .orElse("unpacked");
    return version + " build " + fingerprint(System.getProperty("java.class.path", ""));
  }

  /** Of the classes in Drover's jars; when they were packed makes no difference. */
  static String fingerprint(String classPath) {
    CRC32 all = new CRC32();
    List<File> jars =
        Arrays.stream(classPath.split(File.pathSeparator, -1))
            .map(File::new)
            .filter(file -> JAR.matcher(file.getName()).matches())
            .sorted(Comparator.comparing(File::getName))
            .toList();
    for (File jar : jars) {
      try (ZipFile zip = new ZipFile(jar)) {
        zip.stream()
            .filter(entry -> !entry.isDirectory() && !entry.getName().startsWith("META-INF/"))
            .sorted(Comparator.comparing(ZipEntry::getName))
            .forEach(
                entry -> all.update(ByteBuffer.allocate(8).putLong(0, entry.getCrc()).array()));
      } catch (IOException gone) {
        all.update(jar.getName().length());
      }
    }
    return "%08x".formatted(all.getValue());
  }
}
