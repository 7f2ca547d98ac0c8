package io.drover.agent;

import io.drover.model.HostName;
import io.drover.model.Problem;
import io.drover.tunnel.CertificateAuthority;
import io.drover.tunnel.Identity;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code drover ca}: the fleet's own certificate authority, as files. */
@Command(
    name = "ca",
    description = "Make the fleet's certificates.",
    subcommands = {CaCommand.Init.class, CaCommand.Issue.class})
public final class CaCommand {

  private static CertificateAuthority.Replacing replacing(boolean force) {
    return force
        ? CertificateAuthority.Replacing.WHAT_IS_THERE
        : CertificateAuthority.Replacing.NOTHING;
  }

  @Command(
      name = "init",
      description = "Make a new authority: ca.pem for every host, ca.key to be kept safe.")
  static final class Init implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "Where its files go.")
    private Path folder = Path.of(".");

    @Option(names = "--force", description = "Replace an authority that is there already.")
    private boolean force;

    @Override
    public Integer call() {
      CertificateAuthority made =
          CertificateAuthority.init(
              folder, replacing(force), Clock.systemUTC(), new SecureRandom());
      System.out.printf(
          "Made a new authority in %s, valid until %s.%nGive ca.pem to every host; keep ca.key"
              + " where only you can read it.%n",
          folder, made.certificate().getNotAfter().toInstant());
      return 0;
    }
  }

  @Command(name = "issue", description = "Issue a certificate and key to a host or an operator.")
  static final class Issue implements Callable<Integer> {
    @Option(names = "--ca", paramLabel = "DIR", description = "The authority. Default: here")
    private Path authority = Path.of(".");

    @ArgGroup(multiplicity = "1")
    private Holder holder = new Holder();

    @Option(
        names = "--address",
        split = ",",
        paramLabel = "ADDRESS",
        description = "An IP address or DNS name of the host; may be given again.")
    private List<String> addresses = new ArrayList<>();

    @Option(names = "--days", paramLabel = "N", description = "How long it is valid. Default: 397")
    private long days = CertificateAuthority.DEFAULT_VALIDITY.toDays();

    @Option(
        names = "--out",
        paramLabel = "DIR",
        description = "Where host.pem and host.key (operator.pem, operator.key) go. Default: here")
    private Path out = Path.of(".");

    @Option(names = "--force", description = "Replace files that are there already.")
    private boolean force;

    static final class Holder {
      @Option(names = "--host", paramLabel = "NAME", description = "The host's name in the fleet.")
      private Optional<String> host = Optional.empty();

      @Option(names = "--operator", paramLabel = "NAME", description = "The operator's name.")
      private Optional<String> operator = Optional.empty();
    }

    @Override
    public Integer call() {
      if (days < 1 || days > 3653) {
        throw Problem.usage(
                "bad-days", "A validity of %d days is out of range".formatted(days), "1 to 3653.")
            .asException();
      }
      Identity identity =
          holder
              .host
              .map(name -> Identity.host(new HostName(name)))
              .orElseGet(() -> Identity.operator(holder.operator.orElseThrow()));
      CertificateAuthority ca =
          CertificateAuthority.load(authority, Clock.systemUTC(), new SecureRandom());
      CertificateAuthority.Issued issued = ca.issue(identity, addresses, Duration.ofDays(days));
      String stem = holder.host.isPresent() ? "host" : "operator";
      Path certificate = out.resolve(stem + ".pem");
      Path key = out.resolve(stem + ".key");
      issued.write(certificate, key, replacing(force));
      System.out.printf("Issued a certificate to %s: %s, %s%n", identity, certificate, key);
      return 0;
    }
  }
}
