package io.drover.agent;

import io.drover.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/**
 * The host's certificate once more under the names that QEMU's own TLS looks for; only for {@code
 * --transport native-tls}.
 */
record NativeTls(AgentConfiguration.TlsFiles files, Path folder) {

  /** Lays the files out afresh, so that renewed certificates are used. */
  Path directory() {
    Map<String, Path> wanted =
        Map.of(
            "ca-cert.pem", files.authority(),
            "server-cert.pem", files.certificate(),
            "client-cert.pem", files.certificate(),
            "server-key.pem", files.key(),
            "client-key.pem", files.key());
    try {
      Files.createDirectories(folder);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
      for (Map.Entry<String, Path> file : wanted.entrySet()) {
        Path copy = folder.resolve(file.getKey());
        Files.copy(file.getValue(), copy, StandardCopyOption.REPLACE_EXISTING);
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
      }
      return folder;
    } catch (IOException e) {
      throw Problem.host(
              "native-tls-files",
              "QEMU's TLS files cannot be made in %s: %s".formatted(folder, e.getMessage()),
              "Make room there, or use '--transport tunnel'.")
          .asException(e);
    }
  }
}
