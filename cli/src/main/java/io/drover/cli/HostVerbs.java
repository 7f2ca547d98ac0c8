package io.drover.cli;

import io.drover.api.ApiClient;
import io.drover.api.HostView;
import io.drover.api.ProblemView;
import io.drover.model.ByteSize;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code drover host …}. */
@Command(name = "host", description = "Show a host and the peers it may deal with.")
final class HostVerbs {
  @Mixin private final AgentOptions options = new AgentOptions();

  private HostVerbs() {}

  static CommandLine commandLine(Terminal terminal) {
    HostVerbs host = new HostVerbs();
    return new CommandLine(host).addSubcommand(new Show(host.options, terminal));
  }

  @Command(name = "show", description = "Show the agent's host, its abilities and its peers.")
  private static final class Show extends Verb {
    Show(AgentOptions options, Terminal terminal) {
      super(options, terminal);
    }

    @Override
    int run(ApiClient client) {
      HostView host = client.host();
      return answer(host, () -> lines(host));
    }

    private List<String> lines(HostView host) {
      List<String> lines = new ArrayList<>();
      lines.add(terminal().strong(Safe.text(host.name())));
      lines.addAll(
          new Facts(terminal())
              .add("drover", host.droverVersion())
              .add("QEMU", host.hypervisorVersion() + " with " + host.accelerator())
              .add("listens", host.listen())
              .add(
                  "memory",
                  "%s, %s available"
                      .formatted(
                          new ByteSize(host.memoryBytes()),
                          new ByteSize(host.memoryAvailableBytes())))
              .add("post-copy", host.postCopy() ? "possible" : "not possible here")
              .lines());
      if (!host.peers().isEmpty()) {
        Table table = new Table("PEER", "ADDRESS", "SEND TO", "RECEIVE FROM");
        for (HostView.PeerView peer : host.peers()) {
          table.row(
              peer.name(),
              peer.address(),
              peer.maySendTo() ? "yes" : "no",
              peer.mayReceiveFrom() ? "yes" : "no");
        }
        lines.add("");
        lines.addAll(table.lines(terminal()));
      }
      for (ProblemView warning : host.warnings()) {
        lines.add("");
        lines.add(terminal().warning("warning: ") + Safe.text(warning.message()));
        lines.add("         " + Safe.text(warning.remedy()));
      }
      return lines;
    }
  }
}
