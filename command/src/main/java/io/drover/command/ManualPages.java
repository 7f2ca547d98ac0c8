package io.drover.command;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Manual pages in roff, made from the very commands that parse the command line. */
final class ManualPages {
  private final StringBuilder page = new StringBuilder();

  private ManualPages() {}

  /** File name to text: {@code drover.1}, {@code drover-migrate.1}, {@code drover-guest-list.1}. */
  static Map<String, String> of(CommandLine root) {
    Map<String, String> pages = new LinkedHashMap<>();
    collect(root, pages);
    return pages;
  }

  private static void collect(CommandLine command, Map<String, String> pages) {
    CommandSpec spec = command.getCommandSpec();
    if (spec.usageMessage().hidden() || spec.helpCommand()) {
      return;
    }
    pages.put(spec.qualifiedName("-") + ".1", new ManualPages().write(command));
    new TreeMap<>(command.getSubcommands()).values().forEach(each -> collect(each, pages));
  }

  private String write(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    String name = spec.qualifiedName("-");
    String[] description = spec.usageMessage().description();
    page.append(
        ".TH \"%s\" \"1\" \"\" \"Drover\" \"Drover\"\n"
            .formatted(name.toUpperCase(java.util.Locale.ROOT)));
    section("NAME");
    text(name + " - " + (description.length > 0 ? description[0] : spec.qualifiedName()));
    section("SYNOPSIS");
    page.append(".B ")
        .append(escape(command.getHelp().synopsis(0).strip().replaceAll("\\s+", " ")))
        .append('\n');
    section("DESCRIPTION");
    Arrays.stream(description).forEach(this::paragraph);
    Arrays.stream(spec.usageMessage().footer()).filter(line -> !line.isBlank()).forEach(this::text);
    options(spec);
    subcommands(command);
    return page.toString();
  }

  private void options(CommandSpec spec) {
    if (!spec.positionalParameters().isEmpty()) {
      section("ARGUMENTS");
      for (PositionalParamSpec argument : spec.positionalParameters()) {
        item(argument.paramLabel(), description(argument));
      }
    }
    if (!spec.options().isEmpty()) {
      section("OPTIONS");
      for (OptionSpec option : spec.options()) {
        String value = option.arity().max() > 0 ? " " + option.paramLabel() : "";
        item(String.join(", ", option.names()) + value, description(option));
      }
    }
  }

  private static String[] description(ArgSpec argument) {
    String byDefault = String.valueOf(argument.defaultValueString(true));
    return Arrays.stream(argument.description())
        .map(line -> line.replace("${DEFAULT-VALUE}", byDefault))
        .toArray(String[]::new);
  }

  private void subcommands(CommandLine command) {
    TreeMap<String, CommandLine> shown = new TreeMap<>(command.getSubcommands());
    shown
        .values()
        .removeIf(
            each ->
                each.getCommandSpec().usageMessage().hidden()
                    || each.getCommandSpec().helpCommand());
    if (shown.isEmpty()) {
      return;
    }
    section("VERBS");
    shown.forEach((name, each) -> item(name, each.getCommandSpec().usageMessage().description()));
  }

  private void section(String title) {
    page.append(".SH ").append(title).append('\n');
  }

  private void item(String term, String[] description) {
    page.append(".TP\n.B ").append(escape(term)).append('\n');
    Arrays.stream(description).forEach(this::text);
  }

  private void paragraph(String line) {
    page.append(".PP\n");
    text(line);
  }

  private void text(String line) {
    page.append(escape(line)).append('\n');
  }

  private static String escape(String text) {
    String escaped = text.replace("\\", "\\\\").replace("-", "\\-");
    // A line that begins with one of these would be read as a request.
    return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
  }
}
