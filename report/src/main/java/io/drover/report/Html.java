package io.drover.report;

/** Text made safe to stand in HTML and XML, between tags and within quoted attributes. */
final class Html {
  private Html() {}

  static String escape(String text) {
    StringBuilder safe = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                case '\'' -> safe.append("&#39;");
                // XML cannot hold the others below a space at all, nor half a character.
                case '\t', '\n', '\r' -> safe.appendCodePoint(c);
                default -> safe.appendCodePoint(isText(c) ? c : 0xfffd);
              }
            });
    return safe.toString();
  }

  private static boolean isText(int c) {
    return c >= 0x20 && !(c >= 0xd800 && c <= 0xdfff) && c != 0xfffe && c != 0xffff;
  }
}
