package io.drover.command;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The arrows between the modules point down; see ARCHITECTURE.md. */
class LayeringTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.drover");

  @Test
  void seesEveryModule() {
    for (String module :
        List.of("model", "wire", "chunk", "api", "migration", "agent", "cli", "command")) {
      assertThat(CLASSES.stream())
          .as(module)
          .anyMatch(each -> each.getPackageName().equals("io.drover." + module));
    }
  }

  @Test
  void arrowsPointDownOnly() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("io.drover..")
        .withOptionalLayers(true)
        .layer("model")
        .definedBy("io.drover.model..")
        .layer("wire")
        .definedBy("io.drover.wire..")
        .layer("chunk")
        .definedBy("io.drover.chunk..")
        .layer("api")
        .definedBy("io.drover.api..")
        .layer("linux")
        .definedBy("io.drover.linux..")
        .layer("network")
        .definedBy("io.drover.network..")
        .layer("migration")
        .definedBy("io.drover.migration..")
        .layer("tunnel")
        .definedBy("io.drover.tunnel..")
        .layer("qemu")
        .definedBy("io.drover.qemu..")
        .layer("agent")
        .definedBy("io.drover.agent..")
        .layer("cli")
        .definedBy("io.drover.cli..")
        .layer("report")
        .definedBy("io.drover.report..")
        .layer("lab")
        .definedBy("io.drover.lab..")
        .layer("command")
        .definedBy("io.drover.command..")
        .whereLayer("model")
        .mayNotAccessAnyLayer()
        .whereLayer("wire")
        .mayOnlyAccessLayers("model")
        .whereLayer("chunk")
        .mayOnlyAccessLayers("model")
        .whereLayer("api")
        .mayOnlyAccessLayers("model")
        .whereLayer("linux")
        .mayOnlyAccessLayers("model")
        .whereLayer("network")
        .mayOnlyAccessLayers("model", "linux")
        .whereLayer("migration")
        .mayOnlyAccessLayers("model", "wire")
        .whereLayer("tunnel")
        .mayOnlyAccessLayers("model", "wire", "linux")
        .whereLayer("qemu")
        .mayOnlyAccessLayers("model", "chunk", "migration", "linux")
        .whereLayer("agent")
        .mayOnlyAccessLayers(
            "model", "wire", "chunk", "api", "linux", "network", "migration", "tunnel", "qemu")
        .whereLayer("cli")
        .mayOnlyAccessLayers("model", "api")
        .whereLayer("report")
        .mayOnlyAccessLayers("model")
        .whereLayer("lab")
        .mayOnlyAccessLayers("model", "api", "cli", "linux", "report")
        .check(CLASSES);
  }

  @Test
  void thereAreNoCyclesBetweenModules() {
    slices().matching("io.drover.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void foreignFunctionsAreOnlyCalledInTheLinuxModule() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.drover.linux..")
        .should()
        // Memory segments may be passed on and read anywhere; calling native code is linux's alone.
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup|FunctionDescriptor).*")
        .check(CLASSES);
  }

  @Test
  void clientsDoNotLog() {
    noClasses()
        .that()
        .resideInAnyPackage("io.drover.api..", "io.drover.cli..", "io.drover.model..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.slf4j..")
        .check(CLASSES);
  }
}
