package io.drover.chunk;

import io.drover.model.Owner;
import java.nio.file.Path;

/** A raw disk image that may be read where it lies. */
public record Image(Path path, Owner owner, Visibility visibility, Grain grain) {}
