package io.drover.qemu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A folder as QEMU's own TLS wants it, made with the openssl program. */
final class Certificates {
  private Certificates() {}

  static Path make(Path directory, String name) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    run(
        directory,
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout ca-key.pem"
            + " -out ca-cert.pem -addext basicConstraints=critical,CA:TRUE"
            + " -addext keyUsage=critical,keyCertSign");
    Files.writeString(
        directory.resolve("extensions"),
        """
        basicConstraints=critical,CA:FALSE
        keyUsage=critical,digitalSignature,keyEncipherment
        extendedKeyUsage=serverAuth,clientAuth
        subjectAltName=DNS:%s
        """
            .formatted(name));
    for (String role : List.of("server", "client")) {
      run(
          directory,
          "req -newkey rsa:2048 -nodes -subj /CN=%s -keyout %s-key.pem -out request"
              .formatted(name, role));
      run(
          directory,
          "x509 -req -in request -CA ca-cert.pem -CAkey ca-key.pem -CAcreateserial -days 2"
              + " -extfile extensions -out %s-cert.pem".formatted(role));
    }
    return directory;
  }

  private static void run(Path directory, String arguments)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(("openssl " + arguments).split(" "))
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("openssl " + arguments + ": " + said);
    }
  }
}
