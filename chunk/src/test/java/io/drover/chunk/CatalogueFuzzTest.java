package io.drover.chunk;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drover.model.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class CatalogueFuzzTest {
  @FuzzTest
  void foreignCataloguesAreReadOrRefused(byte[] content) throws IOException {
    Path file = Files.createTempFile("drover", ".catalogue");
    try {
      Files.write(file, content);
      try (CatalogueReader reader = new CatalogueReader(file)) {
        long last = -1;
        while (reader.next()) {
          if (reader.block() <= last) {
            throw new AssertionError("block %d after %d".formatted(reader.block(), last));
          }
          last = reader.block();
        }
      }
    } catch (ProblemException refused) {
      if (!refused.problem().code().startsWith("catalogue-")) {
        throw refused;
      }
    } finally {
      Files.delete(file);
    }
  }
}
