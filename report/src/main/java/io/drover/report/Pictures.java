package io.drover.report;

import java.awt.Font;
import java.awt.GraphicsEnvironment;
import java.awt.font.FontRenderContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;

/** The charts as PNG files, one for each figure, named after its title. */
final class Pictures {
  private Pictures() {}

  /** Why no picture can be made on this machine; empty if they can. */
  static Optional<String> obstacle() {
    System.setProperty("java.awt.headless", "true");
    try {
      GraphicsEnvironment.getLocalGraphicsEnvironment();
      new Font(Font.SANS_SERIF, Font.PLAIN, 12)
          .getStringBounds("1", new FontRenderContext(null, true, true));
      return Optional.empty();
    } catch (RuntimeException | Error noFonts) {
      // Java tells it in several ways, of which a plain Error is one.
      return Optional.of(
          "The charts are not there as PNG files, since Java finds no font on this machine (%s)."
                  .formatted(noFonts.getMessage())
              + " 'packaging/install-dependencies' installs fontconfig and fonts-dejavu-core.");
    }
  }

  static List<Path> write(Path folder, Results results) throws IOException {
    Looks looks = new Looks(results.contenders());
    List<Path> files = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Figure figure : results.figures()) {
      Path file = folder.resolve(unusedName(figure.title(), names) + ".png");
      Path unfinished = folder.resolve(file.getFileName() + ".part");
      ImageIO.write(
          ImageCanvas.draw(Chart.of(figure, results, looks), figure.title()),
          "png",
          unfinished.toFile());
      files.add(Files.move(unfinished, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING));
    }
    return files;
  }

  private static String unusedName(String title, Set<String> names) {
    String plain =
        title.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    String stem = plain.isEmpty() ? "figure" : plain.substring(0, Math.min(80, plain.length()));
    String name = stem;
    for (int next = 2; !names.add(name); next++) {
      name = stem + "-" + next;
    }
    return name;
  }
}
