package io.drover.command;

import io.drover.cli.Terminal;
import java.io.PrintWriter;
import java.util.Map;

/** Where the {@code drover} command begins. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    // Flushed by whoever prints: a table is one write, not one for each line.
    PrintWriter out = new PrintWriter(System.out, false, System.out.charset());
    PrintWriter err = new PrintWriter(System.err, true, System.err.charset());
    Map<String, String> environment = System.getenv();
    Drover drover = new Drover(Terminal.detect(environment), System.in, out, err);
    int code = drover.run(arguments);
    out.flush();
    System.exit(code);
  }
}
